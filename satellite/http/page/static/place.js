// Addresses of the satellite, which may be below the path of a proxy.

export function at(path) {
  return new URL(`../..${path}`, import.meta.url);
}

// The address of another file of this version of the page.
export function beside(name) {
  return new URL(name, import.meta.url);
}

// Whether Home Assistant shows this page, at an address of its own.
export const ingress = at("/").pathname.includes("/hassio_ingress/");
