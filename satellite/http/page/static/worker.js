// Shows the page while the satellite cannot be reached. Its files are stored, and nothing else:
// no conversation, no words, no answer of any other address.

const STORE = "satellite-page";
const FILES = ["/", "style.css", "app.js", "chat.js", "link.js", "login.js", "panel.js", "sound.js", "timers.js", "words.js", "capture.js", "place.js", "player.js", "icon.svg"].map((name) => new URL(name === "/" ? "../" : name, self.location).pathname);

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(STORE).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const {pathname, origin} = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin || !FILES.includes(pathname)) return;
  event.respondWith(
    fetch(event.request)
      .then(async (answer) => {
        if (answer.ok && !answer.redirected) {
          const copy = answer.clone();
          event.waitUntil(caches.open(STORE).then((cache) => cache.put(pathname, copy)));
        }
        return answer;
      })
      .catch(async (error) => {
        const stored = await caches.match(pathname);
        if (stored) return stored;
        throw error;
      }),
  );
});
