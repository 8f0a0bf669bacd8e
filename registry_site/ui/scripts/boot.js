// Says before the first paint that scripts run, for styles and scripts of the components.
document.documentElement.classList.add("has-script");
// Fields left empty stay out of the address of a form that only asks.
document.addEventListener("formdata", (event) => {
  if (event.target.method !== "get") return;
  for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
});
document.addEventListener("DOMContentLoaded", () => {
  document.body.classList.add("js-enabled", "govuk-frontend-supported");
});
