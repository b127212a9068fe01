"use strict";

// The page is at …/core/casemgr/v3/docs, below a prefix if a proxy adds one.
const root = new URL("../../..", document.baseURI).href.replace(/\/$/, "");
const read = async (address) => {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response;
};

const find = (selector) => document.querySelector(selector);
const STORAGE = "casemgr-login";
let login = JSON.parse(sessionStorage.getItem(STORAGE));
let reference;

// Adds the guide, whose headings become entries of the sidebar, and adapts the description to this page.
const buildDocument = (description, guide) => {
  description.info.description = guide.replace(/^#(?=#+ )/gm, "");
  description.servers = [{ url: root }];
  for (const parameter of Object.values(description.components.parameters ?? {})) {
    const example = parameter.schema?.examples?.[0];
    if (parameter.required || example === undefined) continue;
    // Scalar would send every optional parameter that has an example.
    parameter.examples = { default: { value: example, "x-disabled": true } };
  }
  return description;
};

const content = (async () => {
  const [description, guide] = await Promise.all([read("openapi.json"), read("docs/guide.md")]);
  return buildDocument(await description.json(), await guide.text());
})();

const buildConfiguration = (content) => ({
  content,
  authentication: {
    preferredSecurityScheme: login?.scheme ?? null,
    securitySchemes: {
      session: { value: login?.scheme === "session" ? login.secret : "" },
      token: { token: login?.scheme === "token" ? login.secret : "" },
    },
  },
  defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
  documentDownloadType: "none",
  hideModels: true,
  // Nothing of other hosts.
  agent: { disabled: true },
  hideClientButton: true,
  mcp: { disabled: true },
  showDeveloperTools: "never",
  telemetry: false,
  withDefaultFonts: false,
});

const showLogin = () => {
  find("#actor").textContent = login?.name ?? "";
  find("#log-out").hidden = !login;
  find("#log-in").hidden = Boolean(login);
};

const changeLogin = async (changed) => {
  login = changed;
  sessionStorage.setItem(STORAGE, JSON.stringify(login));
  showLogin();
  reference?.updateConfiguration(buildConfiguration(await content));
};

// Answers the login of an account, or throws an error that says what the service has against it.
const requestLogin = async ({ kind, name, password, force }) => {
  if (kind === "client_application") {
    const body = new URLSearchParams({ grant_type: "client_credentials", client_id: name, client_secret: password });
    const response = await fetch(`${root}/core/authmgr/v3/oauth2/token`, { method: "POST", body });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.error_description ?? answer.error);
    return { name, scheme: "token", secret: answer.access_token };
  }
  const response = await fetch(`${root}/core/authmgr/v3/${kind}/login?forceLogin=${force ? "yes" : "no"}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ userName: name, password }),
  });
  if (!response.ok) {
    const { code, developerMessage } = await response.json();
    throw new Error(`${code}: ${developerMessage}`);
  }
  return { name, scheme: "session", secret: response.headers.get("X-egain-session") };
};

const logIn = async (account) => {
  find("#failure").textContent = "";
  try {
    await changeLogin(await requestLogin(account));
    find("#login").close();
  } catch (error) {
    find("#failure").textContent = error.message;
  }
};

const logOut = async () => {
  const { scheme, secret } = login;
  const headers = scheme === "token" ? { Authorization: `Bearer ${secret}` } : { "X-egain-session": secret };
  await changeLogin(null);
  await fetch(`${root}/core/authmgr/v3/session`, { method: "DELETE", headers });
};

find("#log-in").addEventListener("click", () => find("#login").showModal());
find("#log-out").addEventListener("click", logOut);
find("#cancel").addEventListener("click", () => find("#login").close());
find("#login form").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target.elements;
  const [kind, name, password] = [form.kind.value, form.name.value, form.password.value];
  logIn({ kind, name, password, force: form.force.checked });
});
for (const button of document.querySelectorAll("#login [data-kind]")) {
  button.addEventListener("click", () => logIn({ ...button.dataset, force: true }));
}

// Opening the sample of one language in the guide opens the samples of this language everywhere.
const LANGUAGES = ["curl", "Python", "JavaScript"];
find("#reference").addEventListener("click", (event) => {
  const summary = event.target.closest("summary");
  const language = summary?.textContent.trim();
  if (!LANGUAGES.includes(language) || summary.parentElement.open) return;
  event.preventDefault();
  const top = summary.getBoundingClientRect().top;
  for (const other of document.querySelectorAll("#reference summary")) {
    const text = other.textContent.trim();
    if (LANGUAGES.includes(text)) other.parentElement.open = text === language;
  }
  scrollBy({ top: summary.getBoundingClientRect().top - top, behavior: "instant" });
});

const addCopyButton = (code) => {
  const button = document.createElement("button");
  button.className = "button copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  });
  code.after(button);
};

// What Scalar lacks: copy buttons in texts, and some attributes for keyboards and screen readers. What it has too
// much: links to other hosts.
const CHANGES = {
  ".markdown pre > code:not([tabindex])": (code) => {
    code.tabIndex = 0;
    if (navigator.clipboard) addCopyButton(code);
  },
  "[role=combobox]:not([aria-expanded])": (field) => field.setAttribute("aria-expanded", "false"),
  ".cm-content:not([aria-label])": (body) => {
    body.tabIndex = 0;
    body.setAttribute("aria-label", "Body");
  },
  "button[role=none]": (button) => button.removeAttribute("role"),
  "[aria-label='Copy code'][aria-controls]": (button) => button.removeAttribute("aria-controls"),
  "a:is([href*='//scalar.com'], [href*='//developer.mozilla.org'])": (link) => link.removeAttribute("href"),
  // Landmarks that occur several times.
  "[role=region].response-card, [role=dialog] section[aria-live]:not([role])":
    (part) => part.setAttribute("role", "group"),
};
const changeScalar = () => {
  for (const [selector, change] of Object.entries(CHANGES)) document.querySelectorAll(selector).forEach(change);
};
const CHANGING = { childList: true, subtree: true, attributeFilter: ["aria-expanded", "href", "role"] };
new MutationObserver(changeScalar).observe(document.body, CHANGING);

showLogin();
document.addEventListener("DOMContentLoaded", async () => {
  try {
    reference = Scalar.createApiReference("#reference", buildConfiguration(await content));
  } catch (error) {
    find("#reference").textContent = `The reference cannot be shown. ${error.message}`;
  }
});
