// The phone's own store: pieces and photos in IndexedDB, one store for each member. Nothing here
// knows the network. A piece:
//   id, unit_id, title, text, place, faces, photos: [{pid, caption, uid}],
//   version: what the server had when this text began (null: it has none), dirty: not on the server,
//   sending: {key, tried} once "send" was said, told: what the server last said of it,
//   editedAt, savedAt
window.PhoneStore = (function () {
  "use strict";
  const wait = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

  class Store {
    static async open(member) {
      const store = new Store();
      store.db = null;
      store.memory = { pieces: new Map(), photos: new Map(), facts: new Map() };
      try {
        const request = indexedDB.open(`rongmei-phone-${member}`, 1);
        request.onupgradeneeded = () => {
          request.result.createObjectStore("pieces", { keyPath: "id" });
          request.result.createObjectStore("photos", { keyPath: "pid" });
          request.result.createObjectStore("facts", { keyPath: "name" });
        };
        store.db = await wait(request);
        // Ask the browser not to clear it when space runs short.
        if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
      } catch (e) { /* a private window: kept in memory while the page is open */ }
      return store;
    }
    get lasting() { return this.db !== null; }
    async get(table, key) {
      if (!this.db) return structuredClone(this.memory[table].get(key));
      return wait(this.db.transaction(table).objectStore(table).get(key));
    }
    async all(table) {
      if (!this.db) return structuredClone([...this.memory[table].values()]);
      return wait(this.db.transaction(table).objectStore(table).getAll());
    }
    async put(table, row) {
      if (!this.db) { this.memory[table].set(row.id || row.pid || row.name, structuredClone(row)); return; }
      const transaction = this.db.transaction(table, "readwrite", { durability: "strict" });
      transaction.objectStore(table).put(row);
      await new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = transaction.onerror = () => reject(transaction.error);
      });
    }
    // Change a row by what is in the store now: two tabs, or writing and sending, may be at it.
    async change(table, key, act) {
      if (!this.db) { const row = this.memory[table].get(key); if (row) act(row); return row; }
      const transaction = this.db.transaction(table, "readwrite", { durability: "strict" });
      const store = transaction.objectStore(table);
      const done = new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = transaction.onerror = () => reject(transaction.error);
      });
      const row = await wait(store.get(key));
      if (row) { act(row); store.put(row); }
      await done;
      return row;
    }
    async drop(table, key) {
      if (!this.db) { this.memory[table].delete(key); return; }
      await wait(this.db.transaction(table, "readwrite").objectStore(table).delete(key));
    }
  }

  // UUIDv7, so that pieces made on phones sort by time like all others.
  function uuid7() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const now = Date.now();
    for (let i = 0; i < 6; i++) bytes[i] = Math.floor(now / 2 ** (8 * (5 - i))) % 256;
    bytes[6] = 0x70 | (bytes[6] & 15);
    bytes[8] = 0x80 | (bytes[8] & 63);
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  return { open: Store.open, uuid7 };
})();
