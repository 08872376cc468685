/** The consent in French, by version. */
export const fr: Readonly<Record<string, string>> = {
  "2026-11-28": `# Avant de commencer

**Ce que vous faites.** Vous regardez des images médicales sans nom et marquez ce que demande le guide du projet. Vos dessins sont réunis à ceux d’autres personnes ; le résultat sert à entraîner et à tester des programmes informatiques pour la recherche. Certains projets proposent aussi de s’exercer, et un jeu où vous dites quelles images sont réelles et lesquelles un ordinateur a dessinées.

**Ce que nous gardons.** Vos dessins, la façon dont vous les avez faits (temps, clics, si une suggestion était affichée), vos commentaires et vos raisons de passer une image, vos essais d’entraînement, vos réponses au jeu, et l’accord de tout cela avec les références et avec les autres. Avec un compte, aussi votre adresse de courriel, un nom affiché et une empreinte (hash) de votre mot de passe. Comme invité : rien de ces trois. Nous plaçons un cookie, qui vous garde connecté.

**À quoi cela sert.** À produire des données d’entraînement, et à des études : à quel point on peut se fier aux personnes et aux programmes, si l’on distingue les images d’un ordinateur des vraies, et ce qu’apporteraient d’autres réponses. Ce qui en est publié ne nomme personne.

**Qui voit quoi.** Le laboratoire qui mène un projet voit vos dessins, réponses et commentaires sous un numéro aléatoire, jamais votre adresse de courriel. Les jeux de données publiés portent ce numéro, ou aucun. Les autres bénévoles ne voient votre nom affiché que si vous choisissez de figurer dans un classement. L’exploitant de cette installation voit la liste des comptes.

**Votre choix.** La participation est volontaire et non rémunérée. Vous pouvez arrêter à tout moment, et effacer vous-même votre compte ou demander à l’exploitant de cette installation de le faire : adresse, nom, mot de passe, sessions, clés et adhésions disparaissent alors aussitôt. Vos dessins, réponses et commentaires restent, sous un numéro aléatoire qui ne mène plus à personne ; ceux d’un jeu de données ou d’une étude publiés ne peuvent plus en être retirés.

**Pas un avis médical.** Les images appartiennent à d’autres personnes et ne disent rien de vous. Ne les copiez pas et n’essayez pas de savoir de qui elles viennent. Certaines montrent une maladie ; passez ce que vous préférez ne pas voir.
`,
};
