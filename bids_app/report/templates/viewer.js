// Opens a map of the page in niivue. Volumes and the viewer are scripts in assets/ that are added when a reader asks.
const deqiAssets = {};
function deqiAsset(name, content) { deqiAssets[name] = content; }
(() => {
  const at = (id) => document.getElementById(id);
  const data = JSON.parse(at("viewer-data").textContent);
  const dialog = at("viewer"), chooser = at("viewer-map"), slider = at("viewer-slider"), says = at("viewer-says");
  const fields = [...dialog.querySelectorAll(".mm")];
  const sign = (value) => value.toFixed(2).replace("-", "\u2212");
  let viewer, current;

  Object.assign(deqiAssets, data.inside);

  const asset = (name) => name in deqiAssets ? Promise.resolve(deqiAssets[name]) : new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = document.documentElement.dataset.root + "assets/" + name + ".js";
    script.onload = () => done(deqiAssets[name]);
    script.onerror = () => failed(new Error({{ in_script("assets/%(name)s.js is not beside this page", name="name") }}));
    document.head.append(script);
  });

  const gunzip = (text) => new Response(
    new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))]).stream().pipeThrough(new DecompressionStream("gzip")));

  async function start() {
    const program = document.createElement("script");
    program.textContent = await gunzip(await asset(data.program)).text();
    document.head.append(program);
    viewer = new niivue.Niivue({
      backColor: [0, 0, 0, 1], crosshairColor: [0.4, 0.9, 0.5, 0.8], crosshairWidth: 0.6, crosshairWidthUnit: "mm", isColorbar: false, dragAndDropEnabled: false,
      loadingText: "", logLevel: "error", show3Dcrosshair: true, textHeight: 0.05, isRadiologicalConvention: false,
    });
    for (const [name, colours] of Object.entries(data.colours)) viewer.addColormap("deqi-" + name, colours);
    await viewer.attachToCanvas(at("viewer-canvas"), false);
    viewer.onLocationChange = tell;
  }

  async function layer(name, options) {
    viewer.addVolume(await niivue.NVImage.loadFromBase64({ base64: await asset(name), ...options, name: options.name + ".nii.gz" }));
  }

  async function show(id) {
    current = data.maps.find((map) => map.id === id);
    const place = viewer.volumes.length ? [...viewer.scene.crosshairPos] : null;
    while (viewer.volumes.length) viewer.removeVolumeByIndex(viewer.volumes.length - 1);
    await layer(data.below[current.below || "0"], { name: "below", colormap: "gray", cal_min: 0, cal_max: 100 });
    const colours = { colormap: "deqi-warm", colormapNegative: "deqi-cold", cal_min: current.floor, cal_max: current.limit };
    await layer(current.data, { name: "all", opacity: current.corrected ? 0.35 : 1, ...colours });
    if (current.corrected) await layer(current.corrected, { name: "corrected", ...colours });
    if (data.atlas) await layer(data.atlas.data, { name: "atlas", opacity: 0 });
    slider.min = current.least; slider.max = current.limit * 0.95; slider.value = current.floor;
    at("viewer-note").textContent = current.note;
    chooser.value = id;
    threshold();
    if (place) viewer.scene.crosshairPos = place;
    go(place ? null : current.peak);
  }

  function threshold() {
    const floor = Number(slider.value);
    for (const volume of viewer.volumes.slice(1, current.corrected ? 3 : 2)) volume.cal_min = floor;
    at("viewer-floor").textContent = current.unit + " = " + floor.toFixed(2);
    viewer.updateGLVolume();
  }

  function go(mm) {
    if (mm) viewer.scene.crosshairPos = viewer.mm2frac(mm);
    viewer.drawScene();
    viewer.createOnLocationChange();
  }

  function place(location, mm) {
    if (!data.atlas) return nearest(mm);
    const label = data.atlas.names[Math.round(location.values[location.values.length - 1].value)];
    return label ? "; " + label : "";
  }

  function nearest(mm) {
    let best = null, least = 20;
    for (const [x, y, z, name] of data.places) {
      const away = Math.hypot(x - mm[0], y - mm[1], z - mm[2]);
      if (away <= least) [best, least] = [name, away];
    }
    return best ? {{ in_script("; near %(place)s (%(away)s mm)", place="best", away="least.toFixed(0)") }} : "";
  }

  function tell(location) {
    const mm = [...location.mm].slice(0, 3).map(Math.round);
    fields.forEach((field, i) => { if (document.activeElement !== field) field.value = mm[i]; });
    const value = location.values[1] ? location.values[1].value : 0;
    const survives = current.corrected ? (location.values[2] && location.values[2].value ? {{ in_script(", survives correction") }} : {{ in_script(", does not survive correction") }}) : "";
    says.textContent = mm.join(", ") + " mm: " + (value ? current.unit + " = " + sign(value) + survives : {{ in_script("no value") }}) + place(location, mm);
  }

  async function open(id) {
    dialog.showModal();
    says.textContent = {{ in_script("Opening …") }};
    try {
      if (!viewer) await start();
      await show(id);
    } catch (problem) {
      viewer = undefined;
      says.textContent = {{ in_script("This map cannot be opened (%(problem)s). The viewer needs WebGL 2; the pictures on the page show the same maps.", problem="problem.message") }};
    }
  }

  for (const map of data.maps) chooser.append(new Option(map.title, map.id));
  chooser.addEventListener("change", () => show(chooser.value));
  slider.addEventListener("input", threshold);
  for (const field of fields) field.addEventListener("change", () => go(fields.map((each) => Number(each.value))));
  for (const button of document.querySelectorAll("[data-map]")) {
    button.addEventListener("click", () => open(button.dataset.map).then(() => button.dataset.mm && viewer && go(button.dataset.mm.split(" ").map(Number))));
  }
})();
