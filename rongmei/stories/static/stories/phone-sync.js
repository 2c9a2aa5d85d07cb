// Between the phone's store and the server: saves drafts, sends pieces once, uploads photos bit by
// bit, and goes on where it stopped. It only ever changes rows of the store and says what happened.
window.PhoneSync = (function () {
  "use strict";
  const SMALLEST = 32 * 1024, LARGEST = 2 * 1024 * 1024, AIM = 4000;

  class Away extends Error {}
  class SignedOut extends Error {}
  class Refused extends Error {
    constructor(status, told) { super(told.message || String(status)); this.status = status; this.code = told.code || ""; this.told = told; }
  }

  class Sync {
    constructor(store, options) {
      Object.assign(this, { store, chunk: 2 * SMALLEST, running: null, again: false, pause: 0, ...options });
    }
    token() {
      const found = document.cookie.split("; ").find((one) => one.startsWith(`${this.cookie}=`));
      return found ? decodeURIComponent(found.slice(this.cookie.length + 1)) : "";
    }
    async ask(method, url, body, { raw = false, timeout = 30000 } = {}) {
      const headers = { Accept: "application/json", "X-CSRFToken": this.token() };
      if (body !== undefined && !raw) headers["Content-Type"] = "application/json";
      if (raw) headers["Content-Type"] = "application/octet-stream";
      const stop = new AbortController();
      const clock = setTimeout(() => stop.abort(), timeout);
      let answer, told = {};
      try {
        answer = await fetch(url, { method, headers, body: raw || body === undefined ? body : JSON.stringify(body), signal: stop.signal, cache: "no-store", credentials: "same-origin" });
        if (answer.status === 401 || answer.redirected) throw new SignedOut();
        const json = (answer.headers.get("Content-Type") || "").includes("json");
        // A refusal that is not ours is a proxy's, or Django's for a token that ended with its session.
        if (!json && answer.status === 403) throw new SignedOut();
        if (!json && answer.status !== 204) throw new Away();
        if (json) told = await answer.json();
      } catch (error) {
        if (error instanceof SignedOut) throw error;
        throw new Away();
      } finally { clearTimeout(clock); }
      if (answer.status >= 500 || answer.status === 429) throw new Away();
      if (!answer.ok) throw new Refused(answer.status, told);
      return told;
    }

    // One run at a time on this phone, however many tabs are open.
    run() {
      if (this.running) { this.again = true; return this.running; }
      const work = () => this.all().finally(() => {
        this.running = null;
        if (this.again) { this.again = false; this.run(); }
      });
      this.running = navigator.locks
        ? navigator.locks.request("rongmei-phone-sync", { ifAvailable: true }, (lock) => lock ? work() : (this.running = null))
        : work();
      return this.running;
    }
    async all() {
      try {
        await this.look();
        const pieces = await this.store.all("pieces");
        pieces.sort((a, b) => (b.sending ? 1 : 0) - (a.sending ? 1 : 0) || b.editedAt - a.editedAt);
        for (const piece of pieces) await this.one(piece.id);
        this.pause = 0;
        this.tell("done");
      } catch (error) {
        if (error instanceof SignedOut) this.tell("signedOut");
        else if (error instanceof Refused) this.tell("refused", { why: error.message });
        else if (error instanceof Away) { this.pause = Math.min((this.pause || 2000) * 2, 60000); this.tell("away"); }
        else throw error;
      }
    }
    // Who is signed in, where one may send to, what became of what was sent.
    async look() {
      const told = await this.ask("GET", this.state);
      if (told.member !== this.member) { this.tell("otherMember"); throw new SignedOut(); }
      this.tell("signedIn");
      await this.store.put("facts", { name: "desks", value: told.desks });
      for (const one of told.pieces) {
        const known = await this.store.get("pieces", one.id);
        if (!known) await this.store.put("pieces", this.stranger(one));
        else if (one.writable && !known.unread && !known.dirty && !known.sending && known.version !== one.version) await this.fetch(one.id, one);
        else await this.store.change("pieces", one.id, (piece) => { piece.told = one; });
      }
      this.tell("changed");
    }
    // A piece that another device wrote: its text is fetched when it is opened.
    stranger(told) {
      return { id: told.id, unit_id: told.unit_id, title: told.title, text: "", place: "", faces: "", photos: [], version: null, unread: true, dirty: false, sending: null, told, editedAt: Date.parse(told.updated_at), savedAt: Date.parse(told.updated_at) };
    }
    async fetch(id, told) {
      const full = await this.ask("GET", `${this.api}/${id}`);
      const kept = await this.store.get("pieces", id);
      const pids = new Map(((kept && kept.photos) || []).filter((one) => one.uid).map((one) => [one.uid, one.pid]));
      await this.store.put("pieces", {
        ...(kept || this.stranger(told)), ...this.contents(full, pids), version: full.version, unread: false, dirty: false,
        told: told || kept.told, editedAt: Date.parse(full.updated_at), savedAt: Date.now(),
      });
      this.tell("refreshed", id);
    }
    contents(full, pids) {
      const photos = full.pictures.map((one) => ({ pid: pids.get(one.uid) || one.uid, uid: one.uid, caption: one.caption, kind: one.kind }));
      return { unit_id: full.unit_id, title: full.title, text: full.text, place: full.place, faces: full.faces, photos };
    }
    body(piece) {
      const pictures = piece.photos.filter((one) => one.uid).map((one) => ({ uid: one.uid, caption: one.caption, kind: one.kind || "picture" }));
      return { unit_id: piece.unit_id, title: piece.title, text: piece.text, place: piece.place, faces: piece.faces, pictures, base_version: piece.version };
    }

    async one(id) {
      let piece = await this.store.get("pieces", id);
      if (!piece || piece.unread || !piece.unit_id) return;
      if (piece.sending) {
        await this.photos(piece);
        await this.send(id);
        return;
      }
      const says = piece.title || piece.text || piece.photos.length;
      if (piece.dirty && says) await this.save(piece);
      piece = await this.store.get("pieces", id);
      if (piece && !piece.sending && (await this.photos(piece))) await this.save(await this.store.get("pieces", id));
    }
    async save(piece) {
      try {
        const told = await this.ask("PUT", `${this.api}/${piece.id}`, this.body(piece));
        await this.store.change("pieces", piece.id, (now) => {
          now.version = told.version;
          now.savedAt = Date.now();
          now.problem = "";
          if (now.editedAt === piece.editedAt) now.dirty = false;
        });
        this.tell("changed", piece.id);
      } catch (error) { await this.refused(piece, error); }
    }
    async send(id) {
      const piece = await this.store.change("pieces", id, (now) => { if (now.sending) now.sending.tried = true; });
      if (!piece || !piece.sending) return;
      const missing = piece.photos.filter((one) => !one.uid);
      if (missing.length) return;
      try {
        const told = await this.ask("POST", `${this.api}/${id}/send`, { ...this.body(piece), key: piece.sending.key });
        await this.store.change("pieces", id, (now) => {
          Object.assign(now, { sending: null, dirty: false, version: told.version, savedAt: Date.now(), problem: "" });
          now.told = { ...(now.told || {}), id, number: told.number, state: told.state, state_words: told.state_words, next_words: told.next_words, writable: false, due: told.answer_due_at, url: `${this.pages}${id}/`, unit_name: told.unit_name, reason: "", example: "" };
        });
        this.tell("sent", { id, number: told.number });
        this.tell("changed", id);
      } catch (error) { await this.refused(piece, error); }
    }
    // The server said no. What another device changed is left as it is: ours becomes a piece of its own.
    async refused(piece, error) {
      if (!(error instanceof Refused)) throw error;
      const collided = ["submission_changed", "submission_stands", "submission_key_reused"].includes(error.code);
      if (collided) {
        const full = await this.ask("GET", `${this.api}/${piece.id}`);
        const now = await this.store.get("pieces", piece.id);
        const same = ["title", "text", "place"].every((name) => (now[name] || "").trim() === (full[name] || ""));
        if (!same) {
          const copy = { ...now, id: PhoneStore.uuid7(), title: this.copyTitle(now.title), version: null, dirty: true, sending: null, told: null, problem: "", editedAt: Date.now() };
          await this.store.put("pieces", copy);
          this.tell("conflict", { id: piece.id, copy });
        }
        await this.store.change("pieces", piece.id, (row) => { row.dirty = false; row.sending = null; });
        await this.fetch(piece.id);
        await this.look();
        return;
      }
      await this.store.change("pieces", piece.id, (now) => { now.sending = null; now.dirty = now.dirty && error.status !== 422; now.problem = error.message; });
      this.tell("refused", { id: piece.id, why: error.message });
      this.tell("changed", piece.id);
    }

    // Photos of a piece that the server does not have; whether one arrived.
    async photos(piece) {
      let arrived = false;
      for (const one of piece.photos) {
        if (one.uid) continue;
        const photo = await this.store.get("photos", one.pid);
        if (!photo || photo.error) continue;
        const became = await this.upload(photo);
        if (!became) continue;
        await this.store.change("pieces", piece.id, (now) => {
          const held = now.photos.find((other) => other.pid === one.pid);
          if (held) { Object.assign(held, became); now.dirty = true; }
        });
        arrived = true;
        this.tell("changed", piece.id);
      }
      return arrived;
    }
    async upload(photo) {
      try {
        let at = await this.ask("POST", this.uploads, { id: photo.pid, name: photo.name, size: photo.blob.size });
        while (!at.taken && at.offset < photo.blob.size) at = await this.part(photo, at.offset);
        const done = await this.ask("POST", `${this.uploads}/${photo.pid}/finish`, {}, { timeout: 300000 });
        const became = { uid: done.picture || done.clip, kind: done.clip ? "clip" : "picture" };
        // The server has it: of a big file only the name is kept here.
        await this.store.change("photos", photo.pid, (now) => { now.uid = became.uid; if (became.kind === "clip") now.blob = null; });
        return became;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        await this.store.change("photos", photo.pid, (now) => { now.error = error.message; });
        await this.tell("changed", photo.piece);
        return null;
      }
    }
    async part(photo, offset) {
      const part = await photo.blob.slice(offset, offset + this.chunk).arrayBuffer();
      const began = performance.now();
      try {
        const at = await this.ask("PUT", `${this.uploads}/${photo.pid}?offset=${offset}&sha256=${await this.digest(part)}`, part, { raw: true, timeout: 120000 });
        const took = performance.now() - began;
        this.chunk = Math.round(Math.min(LARGEST, Math.max(SMALLEST, (this.chunk * AIM) / Math.max(took, 200))));
        this.tell("progress", { pid: photo.pid, share: at.offset / photo.blob.size });
        return at;
      } catch (error) {
        this.chunk = Math.max(SMALLEST, this.chunk >> 1);
        // It has more, or less, than we thought: an answer was lost. It says where to go on.
        if (error instanceof Refused && error.code === "upload_elsewhere") return this.ask("GET", `${this.uploads}/${photo.pid}`);
        throw error;
      }
    }
    async digest(part) {
      if (!crypto.subtle) return "";
      const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", part));
      return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    }
  }
  return { Sync, Away, SignedOut, Refused };
})();
