// What a person who cannot see well, or uses no mouse, would stumble over on this page: a list of
// sentences, empty when there is nothing. Run in the page by `test_accessible.py`.
() => {
  const found = [];
  const say = (what, element) => {
    const text = (element.outerHTML || "").replace(/\s+/g, " ").slice(0, 140);
    found.push(`${what}: ${text}`);
  };
  const shown = (element) => {
    const box = element.getBoundingClientRect();
    if (!box.width || !box.height) return false;
    return element.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true });
  };
  const words = (element) => {
    if (!element) return "";
    const labelled = (element.getAttribute("aria-labelledby") || "").split(/\s+/).filter(Boolean);
    const own = element.getAttribute("aria-label")
      || labelled.map((id) => document.getElementById(id)?.textContent || "").join(" ")
      || [...(element.labels || [])].map((one) => one.textContent).join(" ")
      || (/^(submit|button|reset)$/.test(element.type) && element.tagName === "INPUT" && element.value)
      || (/^(A|BUTTON|SUMMARY)$/.test(element.tagName)
        && (element.textContent.trim() || element.querySelector("img[alt]")?.alt))
      || element.title;
    return (own || "").trim();
  };

  if (!document.documentElement.lang) found.push("the page has no language");
  if (!document.title.trim()) found.push("the page has no title");
  const heads = [...document.querySelectorAll("h1")].filter(shown);
  if (heads.length !== 1) found.push(`${heads.length} h1 on the page`);
  const seen = new Set();
  for (const element of document.querySelectorAll("[id]")) {
    if (seen.has(element.id)) say("an id twice", element);
    seen.add(element.id);
  }
  for (const element of document.querySelectorAll("img")) {
    if (!element.hasAttribute("alt")) say("a picture without alt", element);
  }
  const controls = "a[href], button, summary, select, textarea, input:not([type=hidden])";
  for (const element of document.querySelectorAll(controls)) {
    if (shown(element) && !element.closest("[aria-hidden=true]") && !words(element)) {
      say("a control without a name", element);
    }
  }

  const parse = (text) => {
    const canvas = parse.canvas ||= new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3]));
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== "none") return null;
      const colour = parse(style.backgroundColor);
      if (colour[3]) layers.push(colour);
      if (colour[3] === 1) break;
    }
    const dark = getComputedStyle(document.documentElement).colorScheme.includes("dark");
    let colour = dark ? [18, 18, 18] : [255, 255, 255];
    for (const layer of layers.reverse()) colour = over(layer, colour);
    return colour;
  };
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((one) => {
      const part = one / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const opacity = (element) => {
    let all = 1;
    for (let at = element; at; at = at.parentElement) all *= Number(getComputedStyle(at).opacity);
    return all;
  };
  const asked = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || asked.has(element) || !shown(element)) continue;
    asked.add(element);
    // What is greyed because it cannot be used, is only for pictures, or is read aloud only.
    if (element.closest("[disabled], [aria-disabled=true], [aria-hidden=true], .sr, .w-sr-only, option, script, style, noscript")) continue;
    const ground = behind(element);
    if (!ground) continue;
    const style = getComputedStyle(element);
    const ink = parse(style.color);
    const mixed = over([...ink.slice(0, 3), ink[3] * opacity(element)], ground);
    const [high, low] = [light(mixed), light(ground)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) say(`contrast ${ratio.toFixed(2)}`, element);
  }
  return found;
}
