// Sorts people, and keeps ratings in this browser until they are exported.
(() => {
  const grid = document.getElementById("grid"), body = grid.tBodies[0], store = "deqi ratings " + DATASET + " " + location.pathname;
  const ratings = (() => { try { return JSON.parse(localStorage.getItem(store)) || {}; } catch { return {}; } })();
  const words = { "": {{ in_script("rate …") }}, keep: {{ in_script("keep") }}, exclude: {{ in_script("exclude") }}, unsure: {{ in_script("unsure") }} };
  const cells = [...grid.querySelectorAll("[data-rate]")];
  document.getElementById("rating-tools").hidden = !cells.length;

  const keep = () => {
    try { localStorage.setItem(store, JSON.stringify(ratings)); } catch { /* a browser that keeps nothing still exports */ }
    const counts = Object.values(ratings).reduce((sum, { rating }) => ({ ...sum, [rating]: (sum[rating] || 0) + 1 }), {});
    const said = Object.entries(counts).map(([rating, count]) => count + " " + words[rating]).join(", ");
    document.getElementById("rating-count").textContent = said ? {{ in_script("Rated: %(counts)s", counts="said") }} : {{ in_script("No participant is rated yet.") }};
    show();
  };
  const show = () => {
    const wanted = document.getElementById("rating-show").value;
    for (const row of body.rows) {
      const own = [...row.querySelectorAll("[data-rate]")];
      const bad = own.some((cell) => cell.dataset.state !== "good"), rated = own.some((cell) => ratings[cell.dataset.rate]);
      row.hidden = (wanted === "bad" && !bad) || (wanted === "rated" && !rated);
    }
  };

  for (const cell of cells) {
    const key = cell.dataset.rate, name = key.split("|").filter(Boolean).join(" ");
    const line = document.createElement("div"), choice = document.createElement("select"), comment = document.createElement("input");
    line.className = "rate";
    choice.setAttribute("aria-label", {{ in_script("Rating of %(name)s", name="name") }});
    for (const [word, shown] of Object.entries(words)) choice.append(new Option(shown, word));
    comment.placeholder = {{ in_script("comment") }}; comment.setAttribute("aria-label", {{ in_script("Comment on %(name)s", name="name") }});
    choice.value = ratings[key]?.rating || ""; comment.value = ratings[key]?.comment || "";
    const changed = () => {
      if (choice.value) ratings[key] = { rating: choice.value, comment: comment.value };
      else delete ratings[key];
      comment.hidden = !choice.value;
      keep();
    };
    comment.hidden = !choice.value;
    choice.addEventListener("change", changed); comment.addEventListener("change", changed);
    line.append(choice, comment); cell.append(line);
  }

  document.getElementById("rating-export").addEventListener("click", () => {
    const clean = (text) => (text || "n/a").replace(/[\t\n]+/g, " ");
    const rows = Object.entries(ratings).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, { rating, comment }]) => {
      const [participant, session, task] = key.split("|");
      return ["sub-" + participant, session ? "ses-" + session : "n/a", clean(task), rating, clean(comment)].join("\t");
    });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([["participant_id\tsession_id\ttask\trating\tcomment", ...rows].join("\n") + "\n"], { type: "text/tab-separated-values" }));
    link.download = "ratings.tsv";
    link.click();
  });
  document.getElementById("rating-show").addEventListener("change", show);

  for (const button of grid.querySelectorAll(".sort")) {
    button.addEventListener("click", () => {
      const head = button.closest("th"), column = Number(button.dataset.column);
      const down = head.getAttribute("aria-sort") === (column ? "descending" : "ascending") ? !column : !!column;
      for (const other of grid.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row) => row.cells[column].dataset.sort;
      const order = (a, b) => (column ? Number(value(a)) - Number(value(b)) : value(a).localeCompare(value(b), "en", { numeric: true }));
      body.append(...[...body.rows].sort((a, b) => (down ? -1 : 1) * order(a, b)));
    });
  }
  keep();
})();
