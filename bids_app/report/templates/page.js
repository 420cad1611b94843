// Opens what a link points into, lets wide tables scroll by keyboard, and offers figures and tables as files.
(() => {
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let place = target.querySelector("details.contrast") || target; place; place = place.parentElement) if (place.tagName === "DETAILS") place.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  // A wide table must be reachable by keyboard before it can be scrolled by keyboard.
  const wide = new ResizeObserver((seen) => { for (const { target } of seen) target.tabIndex = target.scrollWidth > target.clientWidth ? 0 : -1; });
  for (const box of document.querySelectorAll(".scroll")) {
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", {{ in_script("table that scrolls sideways") }});
    wide.observe(box);
  }

  const heading = (node) => {
    const section = node.closest("section[id]");
    return (section ? section.id : document.title).replace(/[^\w-]+/g, "-");
  };
  const offer = (node, links) => {
    const line = document.createElement("div");
    line.className = "save";
    for (const [text, name, address] of links) {
      const link = document.createElement("a");
      link.textContent = text;
      link.download = name;
      link.href = "#";
      link.addEventListener("click", () => { link.href = address(); setTimeout(() => { link.href = "#"; }, 0); });
      line.append(link);
    }
    node.after(line);
  };
  const file = (text, kind) => URL.createObjectURL(new Blob([text], { type: kind }));
  const drawing = (svg) => {
    const copy = svg.cloneNode(true);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    const [, , width, height] = svg.getAttribute("viewBox").split(" ");
    copy.setAttribute("width", width); copy.setAttribute("height", height);
    const style = document.createElementNS("http://www.w3.org/2000/svg", "style");
    style.textContent = document.querySelector("style").textContent.replace(/@media \(prefers-color-scheme: dark\)[^@]*?\} \}/, "") + " text { font-family: sans-serif; }";
    copy.prepend(style);
    return file(new XMLSerializer().serializeToString(copy), "image/svg+xml");
  };
  let count = 0;
  for (const figure of document.querySelectorAll("main figure")) {
    const links = [];
    for (const picture of figure.querySelectorAll(":scope > img")) links.push([{{ in_script("map, PNG") }}, `${heading(figure)}-${++count}.png`, () => picture.src]);
    for (const svg of figure.querySelectorAll("svg")) {
      const title = svg.querySelector(".title");
      if (!svg.parentElement.closest("svg")) links.push([`${title ? title.textContent.trim() : {{ in_script("figure") }}}, SVG`, `${heading(figure)}-${++count}.svg`, () => drawing(svg)]);
    }
    if (links.length) offer(figure.querySelector("figcaption") || figure, links);
  }
  for (const table of document.querySelectorAll("main table.compact")) {
    const button = document.createElement("button");
    const label = () => { button.textContent = table.classList.contains("whole") ? {{ in_script("Fewer columns") }} : {{ in_script("All columns") }}; };
    button.type = "button";
    button.className = "columns";
    button.addEventListener("click", () => { table.classList.toggle("whole"); label(); });
    label();
    table.closest(".scroll").before(button);
  }
  for (const table of document.querySelectorAll("main table:not(.matrix):not(#grid)")) {
    const text = () => [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim().replace(/\s+/g, " ")).join("\t")).join("\n") + "\n";
    offer(table, [[{{ in_script("table, TSV") }}, `${heading(table)}-${++count}.tsv`, () => file(text(), "text/tab-separated-values")]]);
  }
})();
