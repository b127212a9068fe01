"use strict";

// Swagger UI brings a library that would scroll slowly to what a link goes to.
window.noZensmooth = true;

// Swagger UI knows the dark mode as a class.
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
    // The page has a main part already.
    onComplete: () => document.querySelector("#swagger-ui main")?.setAttribute("role", "none"),
    // It would be asked of another host.
    validatorUrl: null,
  }),
);
