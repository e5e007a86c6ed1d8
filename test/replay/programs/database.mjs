// An agent whose tools ask a database: a pool that concurrent tools share, a transaction, a notification, errors, and a connection that is told to end.
import { Client, Pool } from 'pg';

const { PGPORT, PGPASSWORD, DATABASE_CA, MODEL_URL } = process.env;
const options = {
  ...{ host: '127.0.0.1', port: Number(PGPORT), user: 'agent', password: PGPASSWORD, database: 'postgres', max: 3 },
  ...(DATABASE_CA !== undefined && { ssl: { ca: DATABASE_CA, servername: 'localhost' } }),
};
const pool = new Pool(options);
pool.on('error', (error) => console.log('pool', error.code));

const { rows } = await pool.query('select version() as version, now() as now, random() as dice');
console.log(rows[0].version.split(' ')[0], rows[0].now.toISOString(), rows[0].dice);
await pool.query('create table if not exists notes (id serial, city text, said text)');

async function weather(city) {
  const answer = await (await fetch(`${MODEL_URL}/weather?city=${city}&lot=${Math.random()}`)).json();
  const kept = await pool.query('insert into notes (city, said) values ($1, $2) returning id', [city, answer.said]);
  const { rows: all } = await pool.query({
    name: 'count',
    text: 'select count(*)::int as n, pg_sleep(random() / 100) from notes',
  });
  return `${city} ${answer.said} ${kept.rows[0].id} ${all[0].n} ${Date.now()}`;
}
for (const line of await Promise.all(['oslo', 'lima', 'baku', 'oslo', 'cork'].map(weather))) console.log(line);

const client = await pool.connect();
await client.query('begin');
await client.query("update notes set said = 'none' where city = 'oslo'");
await client.query('rollback');
const heard = new Promise((resolve) => client.once('notification', ({ payload }) => resolve(payload)));
await client.query('listen weather');
await pool.query(`select pg_notify('weather', 'storm ' || random())`);
console.log('heard', await heard);
client.release();

console.log(await pool.query('select nothing from nowhere').catch(({ code, message }) => [code, message]));
const killed = await pool.connect();
killed.on('error', ({ message }) => console.log('lost', message));
const [{ pid }] = (await killed.query('select pg_backend_pid() as pid')).rows;
const gone = new Promise((resolve) => killed.once('end', resolve));
await pool.query('select pg_terminate_backend($1)', [pid]);
await gone;
killed.release(true);
console.log((await pool.query('select count(*)::int as n, repeat($1, 30000) as long from notes', ['x'])).rows[0].long.length);
await new Client({ ...options, password: 'wrong' }).connect().catch(({ code }) => console.log('refused', code));
await pool.end();
console.log('over');
