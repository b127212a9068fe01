"use strict";

const articles = [...document.querySelectorAll("article")];
const chosen = document.querySelector("nav [aria-current=true]");

// The switch of Scalar stores its choice here.
const scheme = localStorage.getItem("colorMode");
if (["light", "dark"].includes(scheme)) document.documentElement.style.colorScheme = scheme;

// A change of the language keeps the place.
const follow = () => {
  for (const link of document.querySelectorAll("nav [hreflang]")) link.hash = location.hash;
  document.querySelector("form").action = location.hash;
};
addEventListener("hashchange", follow);
follow();

const filter = document.querySelector(".filter");
filter.hidden = false;
filter.addEventListener("input", (event) => {
  const text = event.target.value.trim().toLowerCase();
  for (const article of articles) article.hidden = !article.textContent.toLowerCase().includes(text);
  const isEmpty = articles.every((article) => article.hidden);
  document.querySelector("#none").textContent = isEmpty ? "No error has this code or text." : "";
});
filter.addEventListener("keydown", (event) => {
  if (event.key === "Enter") event.preventDefault();
});

// Browsers have a clipboard only over HTTPS and on this machine.
if (navigator.clipboard) {
  for (const article of articles) {
    const button = article.querySelector(".copy");
    button.hidden = false;
    button.addEventListener("click", async () => {
      const url = new URL(chosen.href);
      url.hash = article.id;
      await navigator.clipboard.writeText(url);
      button.firstChild.data = "Link copied";
    });
  }
}
