// Asks for the words of the reader's language while the pages' own code is still on its way: as `preferred` in src/lib/i18n chooses it.
// Filled in by scripts/pack.mjs: the file of each language.
const FILES = {};

{
  const stored = localStorage.getItem("bramble.language");
  const wanted = [stored, ...navigator.languages.map((tag) => tag.slice(0, 2))].find((language) => language === "en" || Object.hasOwn(FILES, language));
  if (Object.hasOwn(FILES, wanted)) {
    const link = document.createElement("link");
    link.rel = "modulepreload";
    link.crossOrigin = "";
    link.href = `/assets/${FILES[wanted]}`;
    document.head.append(link);
  }
}
