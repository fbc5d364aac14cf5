// DuckDB's side of a comparison: the daily average of a quarter by customer over
// the rows of bench.history, in DuckDB's own storage, on one thread.
//
//	node duckdb.mjs load FILE.duckdb FILE.csv
//	node duckdb.mjs run FILE.duckdb	prints the milliseconds, and the sum of the averages
//
// TIERING_DUCKDB is a folder in which "npm install @duckdb/node-api" was run.

import { createRequire } from 'node:module';
import path from 'node:path';

const folder = path.resolve(process.env.TIERING_DUCKDB ?? '.');
const { DuckDBInstance } = createRequire(path.join(folder, 'index.js'))('@duckdb/node-api');
const [command, database, csv] = process.argv.slice(2);

const instance = await DuckDBInstance.create(database, { threads: '1' });
const connection = await instance.connect();

// Rows that do not touch the quarter are left out.
const query = `
	SELECT count(*), sum(average) FROM (
		SELECT customer_id, sum(balance * (least(valid_to, DATE '2024-07-01') - greatest(valid_from, DATE '2024-04-01'))) / 91 AS average
		FROM history WHERE valid_from < DATE '2024-07-01' AND valid_to > DATE '2024-04-01'
		GROUP BY customer_id)`;

if (command === 'load') {
	await connection.run(`CREATE TABLE history AS
		SELECT customer_id, account_id, valid_from, valid_to, balance
		FROM read_csv('${csv}', columns = {customer_id: 'INTEGER', account_id: 'INTEGER',
			valid_from: 'DATE', valid_to: 'DATE', balance: 'DECIMAL(15,2)'})`);
	await connection.run('CHECKPOINT');
} else {
	await connection.run(query);	// so that what is read from disk is in memory
	const start = process.hrtime.bigint();
	const result = await connection.runAndReadAll(query);
	const ms = Number(process.hrtime.bigint() - start) / 1e6;
	console.log(`${ms.toFixed(3)} ${result.getRows()[0].join(' ')}`);
}
connection.closeSync();
instance.closeSync();
