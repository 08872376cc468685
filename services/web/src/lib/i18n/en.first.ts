/** What the first pages say: loaded with them. */
export const first = {
  common: { actions: "Actions", close: "Close", loading: "Loading…", again: "Try again", cancel: "Cancel", save: "Save", saved: "Saved.", more: "Show more" },
  error: {
    offline: "The server cannot be reached. Check the connection and try again.",
    forbidden: "You are not allowed to do this. Ask the lab that owns the project.",
    notFound: "This does not exist, or not any more.",
    server: "The server answered with an error ({{status}}). Try again in a moment.",
    unexpected: "Something went wrong in this page. Reload it; your drawing is kept.",
    noPage: "There is no such page.", noPageText: "The address {{path}} leads nowhere. It may have been mistyped, or the page may have moved.", back: "Go back", home: "To the start page",
    conflict: "Things have changed meanwhile. Reload the page and look again.", invalid: "This was not accepted: something in it does not fit.", tooLarge: "This is too large for the server.", full: "The server has no room left. The people who run it have to make some.", own: "{{sentence}} In the server's words: {{detail}}",
  },
  problem: {
    gameAnswered: "An answer to this image was given before, perhaps in another window. That one counts.", roundVoid: "The lab took back an image of this round, so it cannot be finished. Begin another one.",
    leaseExpired: "The time for this image ran out. Your drawing is kept and comes back when you get the image again.", leaseClosed: "This image was answered, skipped or given back already. Ask for the next one.", leaseNotYours: "This image was handed to somebody else. Ask for one of your own.", imageDeleted: "The lab took this image away. Ask for the next one.",
    consensusSeen: "You have been shown what others drew on this image, so your answer to it stands as it is.", sentOtherwise: "An answer to this image was sent before, with another drawing. That one counts.", maskSize: "The drawing is not of the image's size. Reload the page and draw it again.", unknownLabel: "The lab has changed the labels of this project. Reload the page.",
    practiceFirst: "This project asks for some practice before real images.", tooManyNotes: "The lab has many open messages of yours already. Wait until it has answered some.", tooMany: "That was too much in a short time. Please try again {{when}}.", unauthenticated: "You are not logged in. Log in and try again.", stalePage: "This page is out of date. Reload it; your drawing is kept.",
    wrongLogin: "The e-mail address or the password is wrong.", wrongPassword: "The password is wrong. Nothing was changed.", emailTaken: "This e-mail address has an account. Log in instead.", notAnEmail: "This is not an e-mail address. Write it as name@example.org.", passwordShort: "The password is too short. Take at least 10 characters.", passwordLong: "The password is too long.", passwordGuessable: "This password would be guessed soon. Choose another.",
    consentChanged: "The consent has changed meanwhile. Read the new one, then agree again.",
  },
  nav: { main: "Main", toContent: "Go to the content", projects: "Projects", stats: "My work", lab: "Lab", operator: "Operator", language: "Language", account: "Account of {{name}}" },
  footer: { purpose: "Bramble is open source. Nothing you do here is a diagnosis." },
  status: { active: "Active", paused: "Paused", archived: "Archived" },
  account: {
    guest: "Guest", login: "Log in", logout: "Log out", none: "You are not logged in.", title: "Account", role: "Role", consent: "Consent given, version",
    consentChanged: "The consent has changed since you agreed.", readConsent: "Read it",
    guestNote: "As a guest, your work belongs to this browser. Create an account to keep it.",
  },
  auth: {
    title: { start: "Before you start", login: "Log in", register: "Create an account", consent: "The consent has changed" },
    expired: "Your session has ended. Log in again to go on; your drawing is still here.",
    haveAccount: "I have an account", create: "Create an account", asGuest: "Go on as a guest", consentText: "Consent", agree: "I agree", agreeGuest: "I agree, start as a guest", version: "Version {{version}}",
    email: "E-mail", password: "Password", passwordHint: "At least 10 characters.", name: "Name", nameHint: "As others may see it. It need not be your real name.",
    translated: "Translated from English.", original: "Show the original", translation: "Show the translation", readConsent: "Read the consent (version {{version}})", iAgree: "I have read the consent and agree", guestKept: "The work you did as a guest moves to your account.",
  },
  landing: {
    title: "Outline what you see. Help medicine learn.",
    lead: "Bramble turns medical images that nobody has had time to mark into training data: many people outline the same structure, and their outlines become one that can be trusted.",
    start: "Start labelling", projects: "See the projects", done_one: "{{count}} answer has been given so far.", done_other: "{{count}} answers have been given so far.",
    noNeed: "No medical training and no account needed. Ten minutes help.", how: "How it works",
    step: {
      draw: { title: "You outline", text: "Paint over the structure the guide describes, or tap it and let the computer suggest an outline." },
      merge: { title: "Outlines merge", text: "Several people mark each image. Bramble weighs their outlines into one and says how sure it is." },
      train: { title: "Computers learn", text: "The result trains models, and makes new synthetic images for research that has too few." },
    },
    labs: { title: "You have images to label?", text: "Create a project, upload PNG, DICOM or NIfTI files, add a few reference masks, and download consensus masks and complete datasets.", link: "To the lab pages" },
    picture: "A slice of a brain. Three people draw an outline around the same spot, and the three lines become one area.", caption: "Three outlines become one",
  },
  projects: {
    title: "Projects", lead: "Choose what you would like to help with.", none: "There is no open project at the moment.", needStart: "Start once to see the projects.", needs: "Needs help", complete: "All done",
    labels: "What is marked", progress: "Progress of {{name}}", done: "{{done}} of {{total}} images done ({{share}})", people_one: "{{count}} person", people_other: "{{count}} people", start: "Start", guide: "Guide",
  },
};
