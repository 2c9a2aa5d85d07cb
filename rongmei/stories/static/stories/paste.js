// What is pasted from Word, WeChat or another page is cleaned by the server before it stands in the
// text: paragraphs where the cursor is; tables, crossheads and places for pictures as blocks below.
// When the server cannot be asked the plain words are pasted: nothing is lost.
(function () {
  "use strict";

  const WAIT = 15000;
  const FOREIGN = /mso-|class="?Mso|<o:p|<(?:table|img|section|figure|iframe|h[1-6])\b|rich_media|<br[^>]*>\s*<br/i;
  const OWN = /data-editor=|data-draftjs|data-offset-key/;
  const words = () => document.querySelector("[data-paste-words]").dataset;
  let ours = false;
  let said = 0;

  // What a person should know of a paste stands where they look, and goes by itself.
  function say(lines) {
    const box = document.querySelector("[data-paste-words]");
    box.replaceChildren(...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })));
    box.hidden = !lines.length;
    clearTimeout(said);
    said = setTimeout(() => { box.hidden = true; }, 12000);
  }

  // The editor takes a paste event with clean HTML like any other paste: at the cursor, undone at once.
  function put(editor, html, text) {
    const data = new DataTransfer();
    if (html) data.setData("text/html", html);
    data.setData("text/plain", text);
    ours = true;
    editor.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    ours = false;
  }

  function streamOf(editor) {
    const stream = (document.getElementById("body-root") || {}).rootBlock;
    if (!stream || !stream.children) return null;
    const index = stream.children.findIndex((child) => child.element.contains(editor));
    return index < 0 ? null : { stream, index, child: stream.children[index] };
  }

  function insert(place, blocks) {
    const { stream, child } = place;
    let at = stream.children.indexOf(child) + 1;
    const empty = child.type === "paragraph" && !child.element.querySelector(".public-DraftEditor-content").textContent.trim();
    blocks.forEach((block) => { stream.insert(block, at, { animate: false }); at += 1; });
    if (empty) stream.deleteBlock(stream.children.indexOf(child), { animate: false });
  }

  const textOf = (html) => {
    const made = new DOMParser().parseFromString(html, "text/html");
    return made.body.textContent;
  };

  async function clean(html) {
    const data = new FormData();
    const light = html.replace(/\ssrc\s*=\s*(["'])\s*(?:data|file|blob):[^"']*\1/gi, " src=\"\"");
    data.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    data.set("html", new Blob([light], { type: "text/html" }), "paste.html");
    const answer = await fetch(words().address, { method: "POST", body: data, signal: AbortSignal.timeout(WAIT) });
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.error || answer.statusText);
    return found;
  }

  async function take(editor, html, text) {
    const place = streamOf(editor);
    let found;
    try {
      found = await clean(html);
    } catch (error) {
      put(editor, "", text || textOf(html));
      say([words().plain]);
      return;
    }
    if (found.inline) put(editor, found.inline, textOf(found.inline));
    else if (found.blocks.length && place) insert(place, found.blocks);
    else if (found.blocks.length) put(editor, "", text || textOf(html));
    say(found.remarks);
  }

  document.addEventListener("paste", (event) => {
    if (ours || !(event.target instanceof Element)) return;
    const editor = event.target.closest(".public-DraftEditor-content");
    const html = editor && event.clipboardData ? event.clipboardData.getData("text/html") : "";
    if (!html || OWN.test(html) || !FOREIGN.test(html)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    take(editor, html, event.clipboardData.getData("text/plain"));
  }, true);
})();
