/** The consent in German, by version. */
export const de: Readonly<Record<string, string>> = {
  "2026-11": `# Bevor es losgeht

**Was Sie tun.** Sie sehen sich medizinische Bilder ohne Namen an und markieren, worum die Anleitung des Projekts bittet. Ihre Zeichnungen werden mit denen anderer zusammengeführt; das Ergebnis dient dazu, Computerprogramme für die Forschung zu trainieren und zu prüfen.

**Was wir aufbewahren.** Ihre Zeichnungen, wie lange jede gedauert hat und wie gut sie mit anderen übereinstimmen. Mit einem Konto außerdem Ihre E-Mail-Adresse, einen Anzeigenamen und einen Hash Ihres Passworts. Als Gast: keines dieser drei. Wir setzen ein Cookie, das Sie angemeldet hält.

**Wer was sieht.** Das Labor, das ein Projekt führt, sieht Ihre Zeichnungen unter einer zufälligen Nummer, nie Ihre E-Mail-Adresse. Veröffentlichte Datensätze tragen diese Nummer oder keine.

**Ihre Entscheidung.** Die Teilnahme ist freiwillig und unbezahlt. Sie können jederzeit aufhören und Ihr Konto selbst löschen oder den Betreiber dieser Installation darum bitten: Adresse, Name, Passwort, Sitzungen, Schlüssel und Mitgliedschaften sind dann sofort weg. Ihre Zeichnungen bleiben unter einer zufälligen Nummer, die zu niemandem mehr führt; was in einem veröffentlichten Datensatz steht, kann nicht mehr herausgenommen werden.

**Kein medizinischer Rat.** Die Bilder gehören anderen Menschen und sagen nichts über Sie. Kopieren Sie sie nicht und versuchen Sie nicht herauszufinden, wessen sie sind. Manche zeigen Krankheit; überspringen Sie, was Sie lieber nicht sehen.
`,
};
