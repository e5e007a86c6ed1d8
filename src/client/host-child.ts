/** Starts the process that finds out what machine and project this is (src/host-env/collect.ts). It is on its own from then on. */
import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { releaseLock, takeLock } from '../host-env/host-file.ts';
import { unrecorded } from '../session/scope.ts';

/** What the commands need that it runs. */
const NEEDED =
  'PATH HOME TMPDIR SystemRoot SystemDrive windir ComSpec PATHEXT USERPROFILE TEMP TMP npm_config_user_agent container';
/** By these a CI service is known, and by their values. */
const CI_VALUES = 'CI CI_NAME NODE';
/** By these a CI service or a container is known, whatever they say: the value stays here. */
const CI_NAMES =
  'AGOLA_GIT_REF ALPIC_HOST AC_APPCIRCLE APPVEYOR CODEBUILD_BUILD_ARN TF_BUILD bamboo_planKey BITBUCKET_COMMIT BITRISE_IO BUDDY_WORKSPACE_ID BUILDKITE CAPAWESOME_CLOUD CIRCLECI CIRRUS_CI ' +
  'CF_PAGES WORKERS_CI CF_BUILD_ID CM_BUILD_ID DRONE DSARI EARTHLY_CI EAS_BUILD GERRIT_PROJECT GITEA_ACTIONS GITHUB_ACTIONS GITLAB_CI GO_PIPELINE_LABEL BUILDER_OUTPUT HARNESS_BUILD_ID ' +
  'HUDSON_URL JENKINS_URL BUILD_ID LAYERCI MAGNUM NETLIFY NEVERCODE PROW_JOB_ID RELEASE_BUILD_ID RENDER RWX SAILCI SCREWDRIVER SEMAPHORE STRIDER TASK_ID RUN_ID TEAMCITY_VERSION TRAVIS ' +
  'VELA NOW_BUILDER VERCEL APPCENTER_BUILD_ID CI_XCODE_PROJECT XCS BUILD_NUMBER CI_APP_ID CI_BUILD_ID CI_BUILD_NUMBER CONTINUOUS_INTEGRATION KUBERNETES_SERVICE_HOST';

/** The environment of that process: nothing that would load code or start hindcast in it, and no secret. */
export function hostChildEnv(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of `${NEEDED} ${CI_VALUES}`.split(' ')) if (env[name] !== undefined) kept[name] = env[name];
  for (const name of CI_NAMES.split(' ')) if ((env[name] ?? '') !== '') kept[name] = '1';
  return kept;
}

/** Has it found out about the project at `root`, unless another process does so already. `folder`: where it is kept. Never throws. */
export function startHostChild(folder: string, root: string): void {
  try {
    const file = join(import.meta.dirname, '..', 'host-env', `collect${extname(import.meta.filename)}`);
    // In a bundle there is no such file; in Electron the executable is not Node.
    if (process.versions['electron'] !== undefined || !existsSync(file) || !takeLock(folder)) return;
    try {
      const { spawn } = process.getBuiltinModule('node:child_process');
      // No child of the app's: it is told of no session.
      const child = unrecorded.run(true, () =>
        spawn(process.execPath, [file, folder, root], {
          cwd: root,
          detached: true,
          stdio: 'ignore',
          env: hostChildEnv(process.env),
          windowsHide: true,
        }),
      );
      child.on('error', () => releaseLock(folder));
      child.unref();
    } catch {
      // Not allowed to start processes: then there is nothing to know.
      releaseLock(folder);
    }
  } catch {
    // Nothing that the app or its author would have to know: the recording is whole without it.
  }
}
