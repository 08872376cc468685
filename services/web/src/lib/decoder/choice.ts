/**
 * Who answers the next prompt: this device or the server. Times are milliseconds from the prompt to its mask, as they were
 * measured here; the person never sees the choice.
 */
export type Place = "device" | "server";

/** As quick as a person wants it: what the server could save is not worth a request. */
const QUICK_MS = 120;
/** Slower than this isn't help. */
const SLOW_MS = 1500;
/** Share of the newest measurement. */
const WEIGHT = 0.3;

export class Choice {
  private device: number | null = null;
  private server: number | null = null;

  /** Note how long an answer took. */
  note(place: Place, ms: number): void {
    const before = this[place];
    this[place] = before === null ? ms : before + WEIGHT * (ms - before);
  }

  /** The device failed or was let go. */
  forget(): void {
    this.device = null;
  }

  get deviceMs(): number | null {
    return this.device;
  }

  pick(online: boolean): Place {
    const { device, server } = this;
    if (device === null) return "server";
    if (!online || device <= QUICK_MS) return "device";
    return device <= (server ?? SLOW_MS) ? "device" : "server";
  }
}
