// Addresses of the satellite, which may be below the path of a proxy.

export function at(path) {
  return new URL(`..${path}`, import.meta.url);
}
