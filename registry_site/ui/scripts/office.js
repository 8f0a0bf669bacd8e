// Starts the components of the office's pages: focus on error summaries, showing passwords, counting characters.
import { initAll } from "/static/js/govuk-frontend.min.js";

// After boot.js has said on the body that scripts run, which the components ask for.
document.addEventListener("DOMContentLoaded", () => initAll());
