// Shows the page while the satellite cannot be reached. Its files are stored, and nothing else:
// no conversation, no answer of any other address.

const VERSION = "{{version}}"; // of all files, which are stored together: the server writes it here
const STORE = `satellite-page-${VERSION}`;
const FILES = ["capture.js", "player.js"]; // all else is in the page
const ROOT = new URL("../", self.location);
const STORED = new URL("stored/", self.location); // where a page from the store looks for its files

self.addEventListener("install", (event) => {
  event.waitUntil(Promise.all([store(), route(event)]).then(() => self.skipWaiting()));
});

async function store() {
  const cache = await caches.open(STORE);
  const answers = await Promise.all(["../", ...FILES.map((name) => `${VERSION}/${name}`)].map((path) => fetch(new URL(path, self.location))));
  const failed = answers.find((answer) => !answer.ok);
  if (failed) throw new Error(`${failed.url}: HTTP ${failed.status}`);
  const [page, ...files] = answers;
  const text = (await page.text()).replaceAll(`page/${VERSION}/`, "page/stored/");
  await cache.put(ROOT, new Response(text, {headers: page.headers}));
  await Promise.all(files.map((file, number) => cache.put(new URL(FILES[number], STORED), file)));
}

// Where the browser can, it asks for files itself, from its own cache: starting this worker for
// each would take longer than all else of a page's load.
async function route(event) {
  const base = ROOT.pathname.replace(/[^\w/%.~-]/g, "\\$&"); // these mean something in a pattern
  const rule = (pathname, source) => ({condition: {urlPattern: new URLPattern({pathname: base + pathname, baseURL: self.location.href})}, source});
  await event.addRoutes?.([
    rule("page/stored/*", {cacheName: STORE}),
    rule("page/*", "network"),
    rule("api/*", "network"),
    rule("", "race-network-and-fetch-handler"),
  ]);
}

self.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([forget(), self.clients.claim()]));
});

async function forget() {
  const others = (await caches.keys()).filter((name) => name.startsWith("satellite-page") && name !== STORE);
  await Promise.all(others.map((name) => caches.delete(name)));
}

self.addEventListener("fetch", (event) => {
  const {origin, pathname} = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin) return;
  if (pathname.startsWith(STORED.pathname)) event.respondWith(stored(pathname).then((found) => found ?? fetch(event.request)));
  if (pathname === ROOT.pathname) event.respondWith(fetch(event.request).catch(async (error) => (await stored(pathname)) ?? Promise.reject(error)));
});

function stored(pathname) {
  return caches.open(STORE).then((cache) => cache.match(pathname));
}
