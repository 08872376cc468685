import js from "@eslint/js";
import a11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import globals from "globals";
import tseslint from "typescript-eslint";

const features = ["account", "game", "guide", "lab", "label", "landing", "operator", "practice", "projects", "stats"];

// A feature may use app, client and lib, never another feature (shared/EXEMPLARS.md).
const boundaries = features.map((name) => ({
  files: [`src/features/${name}/**`],
  rules: {
    "no-restricted-imports": [
      "error",
      { patterns: [{ group: features.filter((f) => f !== name).map((f) => `~/features/${f}/*`), message: "Features do not import one another; move the shared part to ~/lib." }] },
    ],
  },
}));

export default tseslint.config(
  { ignores: ["dist", "node_modules", "src/client/schema.d.ts"] },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname }, globals: globals.browser },
    rules: {
      "@typescript-eslint/no-non-null-assertion": "off", // typed-array reads inside checked bounds
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
    },
  },
  { files: ["src/**/*.tsx"], plugins: { "react-hooks": hooks, "jsx-a11y": a11y }, rules: { ...hooks.configs.recommended.rules, ...a11y.flatConfigs.recommended.rules } },
  {
    // The canvas core is pure: no React, no DOM storage, no network.
    files: ["src/lib/canvas/**"],
    rules: { "no-restricted-imports": ["error", { patterns: ["react*", "~/client/*", "~/features/*", "~/app/*", "idb"] }] },
  },
  { files: ["src/lib/**"], ignores: ["src/lib/canvas/**"], rules: { "no-restricted-imports": ["error", { patterns: ["~/features/*", "~/app/*"] }] } },
  ...boundaries,
  { files: ["**/*.{js,mjs}"], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
);
