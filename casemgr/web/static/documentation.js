"use strict";

// Swagger UI includes a library that would scroll slowly to the target of a link.
window.noZensmooth = true;

// Swagger UI switches to dark mode by a class.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

document.addEventListener("DOMContentLoaded", () =>
  SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#swagger-ui",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    tryItOutEnabled: true,
    // The page has a main element already.
    onComplete: () => document.querySelector("#swagger-ui main")?.setAttribute("role", "none"),
    // The validator would send the description to another host.
    validatorUrl: null,
  }),
);
