// The page /verify: checks receipts here instead of on the server. Every word it shows stands in the page's own templates.
(() => {
  const form = document.getElementById("receipt-form");
  if (!form) return;
  const checkpoint = document.getElementById("checkpoint").textContent;
  // Once the page has gone to the place in its address, which would take the focus away again.
  addEventListener("load", () => document.querySelector(".govuk-error-summary")?.focus());
  const words = (id) => document.getElementById(id).content.cloneNode(true);

  // -- Showing a finding ------------------------------------------------------------

  const code = (bytes) => {
    const shown = document.createElement("code");
    shown.textContent = receipts.encode(bytes);
    return shown;
  };

  const hashes = (path) => {
    const list = document.createElement("ol");
    list.className = "hashes";
    for (const hash of path) list.append(document.createElement("li"));
    path.forEach((hash, at) => list.children[at].append(code(hash)));
    return path.length ? list : words("no-path");
  };

  const slots = ({ why, receipt, leaf, root }) => {
    if (!receipt) return { why: why ? words(`why-${why}`) : "" };
    return {
      index: String(receipt.index),
      origin: receipt.checkpoint.origin,
      size: String(receipt.checkpoint.size),
      leaf: leaf ? receipts.encode(leaf) : words("no-leaf"),
      path: hashes(receipt.path),
      root: root ? receipts.encode(root) : words("no-root"),
      signedRoot: receipts.encode(receipt.checkpoint.root),
      entry: receipt.entry ? new TextDecoder().decode(receipt.entry) : "",
    };
  };

  const show = (place, found) => {
    const result = words(`outcome-${found.outcome}`);
    const filled = slots(found);
    for (const slot of result.querySelectorAll("[data-slot]")) slot.replaceChildren(filled[slot.dataset.slot].cloneNode?.(true) ?? filled[slot.dataset.slot]);
    for (const verdict of result.querySelectorAll(`[data-when="${found.equal ? "unequal" : "equal"}"]`)) verdict.remove();
    place.replaceChildren(result);
  };

  // -- The receipt that stands on the page ---------------------------------------------

  const keysOfThePage = form.elements.key.defaultValue;
  const onServer = document.getElementById("entry-result");
  const checkAgain = async () => {
    const place = document.getElementById("entry-in-browser");
    const written = document.getElementById("receipt-text").textContent;
    const found = await receipts.check(new TextEncoder().encode(written), keysOfThePage, checkpoint);
    show(place, found);
    // The figures stand above already, unless they are others.
    if (found.outcome === onServer.dataset.outcome) for (const part of place.querySelectorAll(".working, details")) part.remove();
  };
  if (onServer) checkAgain();

  // -- Copying commands ------------------------------------------------------------------

  for (const commands of navigator.clipboard ? document.querySelectorAll(".commands") : []) {
    commands.before(words("copy-button"));
    const button = commands.previousElementSibling;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(`${commands.textContent}\n`);
      button.textContent = button.dataset.done;
    });
  }

  // -- A receipt that the visitor has -----------------------------------------------------

  if (!globalThis.crypto?.subtle) return; // then the form goes to the server, as without scripts
  document.documentElement.classList.add("checks-here");
  const place = document.getElementById("file-result");
  const drop = document.getElementById("receipt-drop");
  let last = null;

  const checkFile = async (file) => {
    last = file ?? last;
    if (!last) return form.elements.receipt.focus();
    show(place, await receipts.check(new Uint8Array(await last.arrayBuffer()), form.elements.key.value, checkpoint));
    place.querySelector(".outcome__title").focus();
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    checkFile(form.elements.receipt.files[0]);
  });
  form.elements.receipt.addEventListener("change", () => checkFile(form.elements.receipt.files[0]));
  drop.addEventListener("dragover", (event) => event.preventDefault());
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    form.elements.receipt.value = "";
    checkFile(event.dataTransfer.files[0]);
  });
})();
