/** The consent in German, by version. */
export const de: Readonly<Record<string, string>> = {
  "2026-11-28": `# Bevor es losgeht

**Was Sie tun.** Sie sehen sich medizinische Bilder ohne Namen an und markieren, worum die Anleitung des Projekts bittet. Ihre Zeichnungen werden mit denen anderer zusammengeführt; das Ergebnis dient dazu, Computerprogramme für die Forschung zu trainieren und zu prüfen. Manche Projekte bieten außerdem eine Übung an und ein Spiel, in dem Sie sagen, welche Bilder echt sind und welche ein Computer gezeichnet hat.

**Was wir aufbewahren.** Ihre Zeichnungen, wie sie entstanden sind (Zeit, Klicks, ob ein Vorschlag gezeigt wurde), Ihre Kommentare und Gründe zum Überspringen, Ihre Versuche bei der Übung, Ihre Antworten im Spiel und wie gut all das mit Vorlagen und mit anderen übereinstimmt. Mit einem Konto außerdem Ihre E-Mail-Adresse, einen Anzeigenamen und einen Hash Ihres Passworts. Als Gast: keines dieser drei. Wir setzen ein Cookie, das Sie angemeldet hält.

**Wofür es verwendet wird.** Um Trainingsdaten herzustellen, und für Studien: wie zuverlässig Menschen und Programme sind, ob Menschen die Bilder eines Computers von echten unterscheiden können und was weitere Antworten brächten. Was aus solchen Studien veröffentlicht wird, nennt niemanden beim Namen.

**Wer was sieht.** Das Labor, das ein Projekt führt, sieht Ihre Zeichnungen, Antworten und Kommentare unter einer zufälligen Nummer, nie Ihre E-Mail-Adresse. Veröffentlichte Datensätze tragen diese Nummer oder keine. Andere Freiwillige sehen Ihren Anzeigenamen nur, wenn Sie auf einer Bestenliste stehen möchten. Der Betreiber dieser Installation sieht die Liste der Konten.

**Ihre Entscheidung.** Die Teilnahme ist freiwillig und unbezahlt. Sie können jederzeit aufhören und Ihr Konto selbst löschen oder den Betreiber dieser Installation darum bitten: Adresse, Name, Passwort, Sitzungen, Schlüssel und Mitgliedschaften sind dann sofort weg. Ihre Zeichnungen, Antworten und Kommentare bleiben unter einer zufälligen Nummer, die zu niemandem mehr führt; was in einem veröffentlichten Datensatz oder einer Studie steht, kann nicht mehr herausgenommen werden.

**Kein medizinischer Rat.** Die Bilder gehören anderen Menschen und sagen nichts über Sie. Kopieren Sie sie nicht und versuchen Sie nicht herauszufinden, wessen sie sind. Manche zeigen Krankheit; überspringen Sie, was Sie lieber nicht sehen.
`,
};
