import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useOutletContext } from "react-router";
import { api } from "~/client/api";
import type { Project } from "~/client/types";

export function useProjectQuery(id: string) {
  return useQuery({ queryKey: ["project", id], queryFn: () => api.project(id) });
}

/** The project of the layout around this page. */
export function useProject(): Project {
  return useOutletContext<Project>();
}

/** Asks for a project's numbers again when the server says that something happened; true while the line is open. */
export function useLive(project: string): boolean {
  const client = useQueryClient();
  const [live, setLive] = useState(false);
  useEffect(() => {
    const source = new EventSource(api.eventsUrl(project));
    let due: ReturnType<typeof setTimeout> | null = null;
    const refresh = (): void => {
      // Events come in bursts; the numbers are fetched at most every other second.
      due ??= setTimeout(() => {
        due = null;
        for (const key of ["project", "consensus", "jobs", "datasets", "raters", "synthetic"]) void client.invalidateQueries({ queryKey: [key, project] });
      }, 2000);
    };
    source.addEventListener("progress", refresh);
    source.onopen = () => setLive(true);
    source.onerror = () => setLive(false);
    return () => {
      source.close();
      if (due) clearTimeout(due);
    };
  }, [project, client]);
  return live;
}
