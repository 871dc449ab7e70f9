// Addresses of the satellite, which may be below the path of a proxy.

export function at(path) {
  return new URL(`.${path}`, document.baseURI);
}

// The address of another file of this version of the page.
export function beside(name) {
  return new URL(document.documentElement.dataset.files + name, document.baseURI);
}

// Whether Home Assistant shows this page, at an address of its own.
export const ingress = at("/").pathname.includes("/hassio_ingress/");
