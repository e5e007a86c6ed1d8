// A small agent that makes one call and then leaves by the way that its argument names. With WITH_HINDCAST it is recorded; else it is the same program.
import { spawn, spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import OpenAI from 'openai';

if (process.env.WITH_HINDCAST) {
  const { init } = await import('hindcast');
  init();
}

const client = new OpenAI({ apiKey: 'none', baseURL: process.env.BASE_URL, maxRetries: 0 });
const answer = await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }] });
console.log(answer.choices[0].message.content);

const worker = (code) => new Worker(code, { eval: true });
const node = (code) => [process.execPath, ['-e', code], { stdio: 'inherit' }];
const forever = () => setInterval(() => {}, 1000);
const untilKilled = () => {
  forever();
  console.log('ready');
};

const ways = {
  natural() {},
  exitCode() {
    process.exitCode = 4;
  },
  throw() {
    throw new Error('on purpose');
  },
  throwLater() {
    forever();
    setTimeout(() => {
      throw new TypeError('on purpose');
    }, 1);
  },
  rejection() {
    forever();
    void Promise.reject(new Error('on purpose'));
  },
  exit0() {
    forever();
    process.exit(0);
  },
  exit3() {
    forever();
    process.exit(3);
  },
  exitInExitHandler() {
    process.on('exit', () => {
      process.exitCode = 5;
    });
  },
  exitInHandler() {
    process.on('SIGTERM', () => process.exit(7));
    untilKilled();
  },
  ownHandler() {
    process.once('SIGTERM', () => {
      console.log('draining');
      setTimeout(() => {
        console.log('drained');
        process.exit(0);
      }, 20);
    });
    untilKilled();
  },
  ignoredSignal() {
    process.on('SIGTERM', () => {
      console.log('ignored');
      setTimeout(() => process.exit(9), 20);
    });
    untilKilled();
  },
  handlerTakenAway() {
    const listener = () => console.log('never');
    process.on('SIGTERM', listener);
    process.off('SIGTERM', listener);
    untilKilled();
  },
  // As signal-exit does: raises the signal again only when it finds nobody else listening.
  countsListeners() {
    const listener = () => {
      const alone = process.listeners('SIGTERM').length === 1;
      console.log(alone ? 'alone' : 'not alone');
      process.off('SIGTERM', listener);
      if (alone) process.kill(process.pid, 'SIGTERM');
    };
    setTimeout(() => {
      process.on('SIGTERM', listener);
      untilKilled();
    }, 1);
  },
  caught() {
    process.on('uncaughtException', (error) => {
      console.log('caught', error.message);
      process.exitCode = 0;
      clearInterval(timer);
    });
    const timer = forever();
    setTimeout(() => {
      throw new Error('on purpose');
    }, 1);
  },
  caughtThenExit() {
    process.on('uncaughtException', () => setTimeout(() => process.exit(6), 5));
    forever();
    setTimeout(() => {
      throw new Error('on purpose');
    }, 1);
  },
  unsettled() {
    return new Promise(() => {});
  },
  abort() {
    process.abort();
  },
  worker() {
    worker("require('node:worker_threads').parentPort.postMessage(6 * 7)").on('message', console.log);
  },
  workerThrows() {
    worker("throw new Error('on purpose')");
  },
  workerThrowsCaught() {
    worker("throw new Error('on purpose')").on('error', (error) => console.log('caught', error.message));
  },
  workerExits() {
    worker('process.exit(5)').on('exit', (code) => console.log('worker', code));
  },
  async workerTerminated() {
    const endless = worker('setInterval(() => {}, 1000)');
    await new Promise((resolve) => endless.once('online', resolve));
    console.log('terminated', await endless.terminate());
  },
  child() {
    spawn(...node("console.log('child')")).on('close', (code) => console.log('child', code));
  },
  childFails() {
    spawn(...node('process.exit(3)')).on('close', (code) => {
      process.exitCode = code;
    });
  },
  childSync() {
    console.log('child', spawnSync(...node("process.kill(process.pid, 'SIGTERM')")).signal);
  },
  childLeftBehind() {
    spawn(process.execPath, ['-e', 'setTimeout(() => {}, 300)'], { stdio: 'ignore', detached: true }).unref();
    untilKilled();
  },
  monitored() {
    process.on('uncaughtExceptionMonitor', (error, origin) => console.log('seen', origin, error.message));
    throw new Error('on purpose');
  },
  async rejectionCaught() {
    process.on('unhandledRejection', (reason) => console.log('caught', reason.message));
    void Promise.reject(new Error('on purpose'));
    await new Promise((resolve) => setTimeout(resolve, 5));
  },
  beforeExit() {
    let rounds = 0;
    process.on('beforeExit', () => {
      if (++rounds < 3) setTimeout(() => console.log('round', rounds), 1);
    });
  },
  async flushed() {
    if (process.env.WITH_HINDCAST) await (await import('hindcast')).flush(500);
    console.log('answered');
  },
  untilKilled,
};

await ways[process.argv[2]]();
