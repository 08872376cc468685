import { first } from "./en.first";
import { more } from "./en.more";

/** English: the reference that the other languages are checked against. The pages load its two halves. */
export const en = { ...first, ...more };
