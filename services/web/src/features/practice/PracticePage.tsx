import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { api } from "~/client/api";
import type { ImageRef, LabelMask, Practice, PracticeResult, Project } from "~/client/types";
import { Again } from "./Again";
import { useSession } from "~/lib/session/session";
import { Icon } from "~/lib/ui/icons";
import { Button, IconButton, Loading } from "~/lib/ui/kit";
import { NotFound } from "~/lib/ui/NotFound";
import { Remote } from "~/lib/ui/remote";
import { Course } from "./Course";
import { Attempt } from "./Attempt";
import { ExampleView } from "./ExampleView";
import "./practice.css";
import { rememberTutorial, tutorialDone } from "./tutorial";

export type View = { name: "course" } | { name: "example" } | { name: "attempt"; image: ImageRef; tutorial: boolean };

/** Before real work: an example with its reference, a tutorial that is done by doing it, and practice with feedback. */
export default function PracticePage() {
  const { t } = useTranslation();
  const { projectId = "" } = useParams();
  const { me, loading, ask } = useSession();
  const query = useQuery({
    queryKey: ["practice", projectId],
    enabled: me !== null,
    queryFn: async () => ({ project: await api.project(projectId), practice: await api.practice(projectId) }),
  });
  if (loading) return <Loading />;
  if (!me || !me.consent_current)
    return (
      <main className="page narrow">
        <h1>{t("label.before")}</h1>
        <p className="lead">{t("label.beforeText")}</p>
        <Button variant="primary" className="big" onClick={() => void ask(me ? "consent" : "start")}>
          {t("landing.start")}
        </Button>
      </main>
    );
  return query.data ? (
    <Practising project={query.data.project} practice={query.data.practice} />
  ) : (
    <main className="page narrow">
      <h1 className="sr-only">{t("practice.title")}</h1>
      <Remote query={query} missing={<NotFound inside to="/projects" label={t("nav.projects")} />}>
        {() => null}
      </Remote>
    </main>
  );
}

function Practising({ project, practice }: { project: Project; practice: Practice }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [view, setView] = useState<View>({ name: "course" });
  const [turn, setTurn] = useState(0);
  const show = (next: View): void => {
    setTurn((n) => n + 1);
    setView(next);
  };
  const quarantine = useQuery({ queryKey: ["quarantine", project.id], queryFn: () => api.quarantine(project.id) }).data;
  const learned = (result: PracticeResult, image: ImageRef): void => {
    if (result.appeal) void client.invalidateQueries({ queryKey: ["quarantine", project.id] });
    client.setQueryData<{ project: Project; practice: Practice }>(["practice", project.id], (old) =>
      old && {
        ...old,
        practice: {
          ...old.practice,
          standing: result.standing,
          images: old.practice.images.map((i) => (i.image.id === image.id ? { ...i, attempts: i.attempts + 1, best: Math.max(i.best ?? 0, result.dice), passed: i.passed || result.passed } : i)),
        },
      },
    );
  };
  const asked = quarantine?.appeal?.images.find((i) => view.name !== "attempt" || i.id !== view.image.id);
  const next = practice.images.find((i) => i.image.id === asked?.id) ?? practice.images.find((i) => !i.passed && i.attempts === 0) ?? practice.images.find((i) => !i.passed) ?? practice.images[0];
  const tutorialImage = practice.example?.image ?? next?.image;
  const course = (): void => show({ name: "course" });
  const practise = (): void => {
    if (next) show({ name: "attempt", image: next.image, tutorial: false });
  };
  return (
    <div className="label-page practice-page">
      <header className="label-head">
        <Link className="icon-button" to={`/projects/${project.id}`} aria-label={t("practice.leave")}>
          <Icon name="back" size={22} />
        </Link>
        <h1>{t("practice.heading", { name: project.name })}</h1>
        {view.name !== "course" && <IconButton icon="layers" label={t("practice.overview")} onClick={course} />}
      </header>
      <main className="label-main">
        {view.name === "course" && (
          <Course
            again={quarantine && <Again project={project} standing={quarantine} onTry={(image) => show({ name: "attempt", image, tutorial: false })} />}
            onlyAgain={quarantine !== undefined && quarantine.label_ids.length > 0 && quarantine.can_appeal}
            project={project}
            practice={practice}
            newcomer={!tutorialDone()}
            onTutorial={tutorialImage ? () => show({ name: "attempt", image: tutorialImage, tutorial: true }) : null}
            onExample={practice.example ? () => show({ name: "example" }) : null}
            onPractise={next ? practise : null}
            onChoose={(image) => show({ name: "attempt", image, tutorial: false })}
          />
        )}
        {view.name === "example" && practice.example && <ExampleView key={turn} image={practice.example.image} reference={practice.example.reference} labels={project.labels} onNext={practise} />}
        {view.name === "attempt" && (
          <Attempt
            key={turn}
            project={project}
            image={view.image}
            tutorial={view.tutorial}
            reference={view.image.id === practice.example?.image.id ? practice.example.reference : NOTHING}
            standing={practice.standing}
            onTutorialEnd={rememberTutorial}
            onResult={(r) => learned(r, view.image)}
            onAgain={() => show({ ...view, tutorial: false })}
            onNext={next ? practise : course}
            onCourse={course}
          />
        )}
      </main>
    </div>
  );
}

const NOTHING: LabelMask[] = [];
