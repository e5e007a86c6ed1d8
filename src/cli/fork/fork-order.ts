/** What somebody wants to fork, checked against the recording before anything runs. */
import type { PlannedEdit } from '../../events/edits.ts';
import type { Recording } from '../../recording/recording.ts';
import type { ForkPlan } from '../../replay/plan.ts';
import { obstacleOf } from '../../replay/source.ts';
import { CliFailure } from '../failure.ts';
import { familyAt, familyOfOne } from '../family.ts';
import type { Family } from '../family.ts';
import { findEvent } from '../find-event.ts';
import type { Overrides, OverridesEdit } from '../overrides/overrides.ts';
import { openRecording } from '../project.ts';
import { idOf } from '../session-words.ts';
import { walk } from '../tree.ts';
import { forkPoint } from './fork-point.ts';
import type { ForkPoint } from './fork-point.ts';
import { plannedEdits } from './planned-edit.ts';

/** A recording that can be forked. */
export interface Forkable {
  path: string;
  id: string;
  recording: Recording;
  family: Family;
}

/** The recording at `path`; one that cannot be replayed is a failure. */
export function forkableAt(path: string): Forkable {
  const recording = openRecording(path);
  const id = idOf(path);
  const obstacle = recording.state === 'recording' ? 'it is still being recorded' : obstacleOf(recording);
  if (obstacle !== null) throw new CliFailure(`${id} cannot be forked: ${obstacle}`);
  const family = familyAt(path);
  return { path, id, recording, family: family.recordings.length > 0 ? family : familyOfOne(recording) };
}

/** The event that somebody means by its number in `hindcast show`, or by its id. */
export function pointOf({ id, recording, family }: Forkable, meant: string): ForkPoint {
  const { id: event, number } = findEvent(family, meant);
  const own = family.events.recordings.get(event)?.header;
  if (own !== undefined && (own.id !== recording.header.id || own.pid !== recording.header.pid))
    throw new CliFailure(`#${number} is no event of ${id}, but of ${own.id}, another recording of its family`, {
      hint: `Fork that one: hindcast fork ${own.id} --at ${event}`,
      exitCode: 2,
    });
  return forkPoint(recording, event, number);
}

/** The fork that an overrides file wants. Whatever does not fit the recording is a failure. */
export function forkPlanOf(forkable: Forkable, { at, after = 'branch', allow = [], edits }: Overrides): ForkPlan {
  const points = edits.map((edit) => ({ edit, point: pointAt(forkable, edit.event) }));
  const start = at === undefined ? (points[0]?.point as ForkPoint) : pointAt(forkable, at);
  const began = startOf(forkable, start.id);
  const early = points.find(({ point }) => startOf(forkable, point.id) < began);
  if (early)
    throw wrongly(
      `${early.point.words} began before ${start.words}, where the fork is: what is before it comes from the recording`,
    );
  return { event: start.id, edits: points.flatMap(({ point, edit }) => planned(point, edit)), after, allow: [...new Set(allow)] };
}

function planned(point: ForkPoint, edit: OverridesEdit): PlannedEdit[] {
  const made = plannedEdits(point, edit);
  if (typeof made === 'string') throw wrongly(made);
  return made;
}

const wrongly = (message: string): CliFailure => new CliFailure(message, { hint: 'Nothing was run.', exitCode: 2 });

function pointAt(forkable: Forkable, event: string): ForkPoint {
  const nodes = [...walk(forkable.family.tree)];
  if (nodes.some(({ node }) => node.id === event)) return pointOf(forkable, event);
  throw wrongly(`${forkable.id} has no event ${event}: the overrides are for another session`);
}

function startOf({ recording }: Forkable, event: string): number {
  return recording.events.find(({ id }) => id === event)?.start ?? recording.open.find(({ id }) => id === event)?.t ?? 0;
}

/** Variables of the program that hold a key, were not recorded for that, and are not set here: without them a provider refuses what is asked after the fork. */
export function missingKeys({ inputs }: Recording, env: Readonly<Record<string, string | undefined>>): string[] {
  const read = inputs.flatMap((line) => (line.k === 'env' ? Object.entries(line.v) : []));
  return [...new Set(read.filter(([name, value]) => value === '<redacted>' && env[name] === undefined).map(([name]) => name))];
}
