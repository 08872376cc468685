import type { LabelMask, Role } from "./types";
import type { Rle } from "~/lib/canvas/rle";

export interface UploadResult {
  name: string;
  status: "stored" | "duplicate" | "rejected";
  code?: string | null;
  reason?: string | null;
  source_id?: string | null;
  image_ids: string[];
}

export interface UploadReport {
  accepted: number;
  duplicate: number;
  rejected: number;
  results: UploadResult[];
}

export interface GoldItem {
  practice?: boolean;
  image_id: string;
  masks?: LabelMask[];
  nothing_here?: boolean;
}

export interface ConsensusRow {
  image_id: string;
  label_id: number;
  agreement: number;
  predicted_dice: number | null;
  raters: number;
  method: string;
  version: number;
  status: "pending" | "accepted" | "review";
  updated_at: string;
}

export interface ConsensusLabel {
  label_id: number;
  rle: Rle;
  agreement: number;
  predicted_dice: number | null;
  area: number;
  method: string;
  version: number;
  submissions: string[];
  status: "pending" | "accepted" | "review";
}

/** How far somebody draws outside (positive) of the border, px, with a 95 % interval over n answers. */
export interface Side {
  mean: number;
  low: number;
  high: number;
  n: number;
}

export interface Rater {
  rater_id: string;
  labels: {
    label_id: number;
    reliability: number;
    low: number;
    high: number;
    sensitivity: number;
    specificity: number;
    n: number;
    bias: { whole: Side | null; sides: (Side | null)[]; there: number; missed: number } | null;
    over_time: { at: string; dice: number; n: number }[];
    drift: { since: string; before: number; after: number; n: number } | null;
  }[];
  gold: { n: number; dice: number | null };
  flags: string[];
  decisions: { label_id: number; decision: "quarantine" | "lifted" | "appeal"; why: string; at: string }[];
}

export type JobKind = "train" | "sample" | "synthesise" | "dataset" | "study" | "verify" | "segmenter";

/** A job as the list shows it. */
export interface JobRow {
  id: string;
  project_id: string;
  kind: JobKind;
  status: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  progress: number;
  stage: string | null;
  detail: string | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  attempts: number;
  preview_step: number;
  error: string | null;
}

export interface Job extends JobRow {
  params: Record<string, unknown>;
  result: Record<string, unknown> | null;
}

/** One arm of a study against another on one measure. What couldn't be computed is null. */
export interface StudyComparison {
  base: number;
  measure: string;
  arm: string;
  baseline: string;
  value: number;
  baseline_value: number;
  mean: number;
  relative: number | null;
  relative_low: number | null;
  relative_high: number | null;
  verdict: string;
}

/** What the next labels or synthetic images are expected to bring; gains in Dice. */
export interface StudyWorth {
  base: number;
  what: string;
  asked: number;
  images: number;
  now: number;
  gain: number;
  low: number;
  high: number;
  verdict: string;
  minutes: number | null;
  each: number | null;
  each_low: number | null;
  each_high: number | null;
  predicted: number;
  measured: number;
}

/** What of a succeeded study's `result` the pages show; studies from before have no `worth`. */
export interface StudyFound {
  comparisons: StudyComparison[];
  worth?: StudyWorth[];
  notes: string[];
  report_key?: string;
}

export interface Synthetic {
  id: string;
  generator_id: string;
  kind: string;
  accepted: boolean;
  reason: string;
  dice: number;
  created_at: string;
}

/** A share with its 95 % interval; null where there is no answer. */
export interface ShareResult {
  value: number | null;
  low: number | null;
  high: number | null;
  n: number;
}

export interface GameResult extends Record<"accuracy" | "sensitivity" | "specificity" | "real_seen" | "real_unseen" | "real_familiar", ShareResult> {
  generator_id: string;
  open: boolean;
  images: number;
  kept: number;
  chance: number;
  players: number;
  rounds: number;
  unfinished: number;
  answers: number;
  detectable: number;
  verdict: "too_few" | "told_apart" | "not_told_apart" | "reversed";
  by_player: { player: number; accuracy: ShareResult }[];
  fooled: { synthetic_id: string; shown: number; fooled: number }[];
}

export interface Dataset {
  id: string;
  project_id: string;
  name: string;
  version: number;
  sha256: string;
  size_bytes: number;
  counts: Record<string, unknown>;
  created_at: string;
}

export interface ApiKey {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  created_at: string;
  last_used_at: string | null;
  revoked_at?: string | null;
  secret?: string;
}

export interface Member {
  user_id: string;
  display_name: string;
  role: Role;
  added_at: string;
}

export interface AdminUser {
  id: string;
  display_name: string;
  email: string | null;
  role: Role;
  is_guest: boolean;
  disabled: boolean;
  created_at: string;
}

export interface DeadLetter {
  id: string;
  service: string;
  consumer: string;
  topic: string;
  error: string;
  created_at: string;
  replayed_at: string | null;
}

export interface AuditEntry {
  id: string;
  at: string;
  account_id: string;
  action: string;
  target: string | null;
  project_id: string | null;
  status: number;
}

export interface Budget {
  dice: number;
  share: number;
  labels: number | null;
  low: number | null;
  high: number | null;
  images: number;
  there: number;
  reachable: number;
  experts: number;
  assessed: number;
  decided: Record<string, number>;
}

export interface ConsensusHistory {
  versions: { version: number; method: string; submissions: number; by_expert: string | null; rebuildable: boolean; created_at: string }[];
  decisions: { version: number; labels: number; decision: "more" | "enough" | "escalate"; why: string; created_at: string }[];
  reviews: { version: number; expert_id: string; decision: string; comment: string; created_at: string }[];
}
