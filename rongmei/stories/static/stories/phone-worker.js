// Keeps the writing page and its parts on the phone, so that it opens without a line. KNOWN is put
// before this by the server: the cache's name (it changes with any part), the page, the parts.
const SLOW = 4000;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(KNOWN.cache);
    await cache.addAll(KNOWN.parts);
    // The page that is open came before this worker: keep it too. Signed out, there is none to keep.
    const page = await fetch(KNOWN.page, { credentials: "same-origin" });
    if (page.ok && !page.redirected) await cache.put(KNOWN.page, page);
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith("rongmei-phone-") && name !== KNOWN.cache).map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

// The page itself comes from the server while the line is good for it: it may send to sign in.
async function page(request) {
  const cache = await caches.open(KNOWN.cache);
  const kept = await cache.match(KNOWN.page);
  const fresh = (async () => {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected && new URL(answer.url).pathname === KNOWN.page) await cache.put(KNOWN.page, answer.clone());
    return answer;
  })();
  if (!kept) return fresh;
  const late = new Promise((resolve) => setTimeout(() => resolve(kept), SLOW));
  return Promise.race([fresh.then((answer) => (answer.status >= 500 ? kept : answer)).catch(() => kept), late]);
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate" && url.pathname === KNOWN.page) event.respondWith(page(event.request));
  else if (KNOWN.parts.includes(url.pathname)) {
    event.respondWith((async () => (await (await caches.open(KNOWN.cache)).match(url.pathname)) || fetch(event.request))());
  }
});
