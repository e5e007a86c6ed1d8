/** What a provider of this package is to whoever patches, tests or lists them. */
import type { ErrorFacts } from '../events/model.ts';
import type { FoundModule, ModuleTarget } from '../patch/reach.ts';
import type { Operation } from './contract.ts';

/** What was replaced in one copy of an SDK, and what was looked for and is not there. */
export interface PatchReport {
  patched: string[];
  missing: string[];
  /** Of this module nothing is needed in this version: its calls are seen elsewhere. */
  spare?: true;
  /** Why nothing could be replaced, where there is more to say than what is missing. */
  reason?: string;
}

/** What a provider is told of a loaded module. The namespace alone counts; the rest is there where a module was found on disk. */
export type PatchedModule = Pick<FoundModule, 'namespace'> & Partial<FoundModule>;

/** One SDK, or framework, whose calls we see. */
export interface Provider {
  /** Name of the provider where neither the client's class nor its host says another. */
  readonly name: string;
  /** The modules that define its classes: one, or several of one package. `patch` is told of each that loads. */
  readonly targets: readonly [ModuleTarget, ...ModuleTarget[]];
  /** Versions that the contract suite runs with, as far as they matter: `7`, or, of a package whose minor versions differ, `0.6`. */
  readonly tested: readonly string[];
  /** The decoders of its APIs; each event names one in `llm.api`. */
  readonly operations: readonly Operation[];
  /** Replaces its methods, by what is there and not by version. Must not throw. */
  patch(found: PatchedModule): PatchReport;
  error(error: unknown): ErrorFacts;
}
