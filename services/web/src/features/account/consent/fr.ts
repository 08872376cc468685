/** The consent in French, by version. */
export const fr: Readonly<Record<string, string>> = {
  "2026-11": `# Avant de commencer

**Ce que vous faites.** Vous regardez des images médicales sans nom et marquez ce que demande le guide du projet. Vos dessins sont réunis à ceux d’autres personnes ; le résultat sert à entraîner et à tester des programmes informatiques pour la recherche.

**Ce que nous gardons.** Vos dessins, le temps que chacun a pris et leur accord avec ceux des autres. Avec un compte, aussi votre adresse de courriel, un nom affiché et une empreinte (hash) de votre mot de passe. Comme invité : rien de ces trois. Nous plaçons un cookie, qui vous garde connecté.

**Qui voit quoi.** Le laboratoire qui mène un projet voit vos dessins sous un numéro aléatoire, jamais votre adresse de courriel. Les jeux de données publiés portent ce numéro, ou aucun.

**Votre choix.** La participation est volontaire et non rémunérée. Vous pouvez arrêter à tout moment, et effacer vous-même votre compte ou demander à l’exploitant de cette installation de le faire : adresse, nom, mot de passe, sessions, clés et adhésions disparaissent alors aussitôt. Vos dessins restent, sous un numéro aléatoire qui ne mène plus à personne ; ceux d’un jeu de données publié ne peuvent plus en être retirés.

**Pas un avis médical.** Les images appartiennent à d’autres personnes et ne disent rien de vous. Ne les copiez pas et n’essayez pas de savoir de qui elles viennent. Certaines montrent une maladie ; passez ce que vous préférez ne pas voir.
`,
};
