import type { components } from "./schema";
import type * as T from "./types";

type Schemas = components["schemas"];

/** Compiles only while what the server says it answers can be used as what the pages expect. Never called. */
type Fits<Server extends Client, Client> = [Server, Client];

export type Conformity = [
  Fits<Schemas["Me"], T.Me>,
  Fits<Schemas["Consent"], T.Consent>,
  Fits<Schemas["Project"], T.Project>,
  Fits<Schemas["Counts"], T.ProjectCounts>,
  Fits<Schemas["Label"], T.Label>,
  Fits<Schemas["Stats"], T.MyStats>,
  Fits<Schemas["Standing"], T.Standing>,
  Fits<Schemas["Advice"], T.Advice>,
  Fits<Schemas["AppealTry"], T.AppealTry>,
  Fits<Omit<Schemas["Quarantine"], "appeal">, Omit<T.Quarantine, "appeal">>,
  Fits<Schemas["Note"], T.Note>,
  Fits<Schemas["Placed"], T.Placed>,
  Fits<Schemas["Badge"]["code"], T.BadgeCode>,
  Fits<Schemas["LeaseInfo"], T.Lease>,
  Fits<Schemas["LabelFeedback"], T.LabelFeedback>,
  Fits<Schemas["UploadAnswer"]["results"][number]["status"], T.UploadResult["status"]>,
  Fits<Omit<Schemas["JobRow"], "kind"> & { kind: T.JobKind }, T.JobRow>,
  Fits<Omit<Schemas["Job"], "kind"> & { kind: T.JobKind }, T.Job>,
  Fits<Schemas["JobRequest"]["kind"], T.JobKind>,
  Fits<Schemas["Synthetic"], T.Synthetic>,
  Fits<Schemas["Game"], T.Game>,
  Fits<Schemas["Round"], T.Round>,
  Fits<Schemas["GameResult"], T.GameResult>,
  Fits<Schemas["Dataset"], T.Dataset>,
  Fits<Schemas["Key"], T.ApiKey>,
  Fits<Schemas["Member"], T.Member>,
  Fits<Schemas["User"], T.AdminUser>,
  Fits<Schemas["AuditEntry"], T.AuditEntry>,
  Fits<Schemas["DeadLetter"], T.DeadLetter>,
  Fits<Schemas["ConsensusItem"], T.ConsensusRow>,
  Fits<Schemas["RaterOut"], T.Rater>,
  Fits<Schemas["Budget"], T.Budget>,
  Fits<Schemas["History"], T.ConsensusHistory>,
  Fits<Schemas["ModelOut"], T.Model>,
];
