// Package postgres keeps a store in a PostgreSQL database, for many users and
// machines. Its tables stand in a schema of their own, tocsin.
//
// Imports take turns, whichever process they come from: each holds a lock of
// the database until it is committed, so that the dates at which objects were
// added rise in the order in which they can be seen. A batch that Import has
// acknowledged is on the server's disk (synchronous_commit=on).
package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/tocsin-project/tocsin/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// newestSchema is the number of the last file in migrations.
const newestSchema = 4

// writers is the advisory lock that imports and migrations hold ("Tocs").
const writers = 0x546f6373

// connectTimeout is how long Open waits for the server.
const connectTimeout = 30 * time.Second

// settings are those of each connection. Every query of a store finds its rows
// through an index, and most stop after some: a plan that reads whole tables, as
// the server makes for tables that have grown since it last counted, is a
// hundred times slower.
var settings = map[string]string{
	"application_name":                "tocsin",
	"search_path":                     "tocsin",
	"synchronous_commit":              "on",
	"jit":                             "off",
	"max_parallel_workers_per_gather": "0",
	"enable_seqscan":                  "off",
	"enable_bitmapscan":               "off",
	"enable_hashjoin":                 "off",
	"enable_mergejoin":                "off",
	"enable_material":                 "off",
}

// A DB is a store in a database.
type DB struct {
	*store.Reader
	db *sql.DB
}

var _ store.Store = (*DB)(nil)

// Open opens the store in the database that url names, as
// postgres://user@host/database or in any other form that libpq knows, and
// makes it when there is none; the database must be there. A store of an older
// Tocsin is brought up to date; one of a newer Tocsin is refused with
// store.ErrNewerSchema.
func Open(url string) (*DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	for name, value := range settings {
		config.RuntimeParams[name] = value
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(16)
	pool.SetMaxIdleConns(8)
	db := &DB{Reader: store.NewReader(pool, dialect), db: pool}
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	if err := db.migrate(ctx, migrations, newestSchema); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open the store in database %s at %s: %w", config.Database, config.Host, err)
	}
	if err := db.upgrade(context.Background()); err != nil { // which takes its time
		pool.Close()
		return nil, fmt.Errorf("bring the store in database %s at %s up to date: %w", config.Database, config.Host, err)
	}
	return db, nil
}

// upgrade works out the scopes of what was written before there were scopes.
func (db *DB) upgrade(ctx context.Context) error {
	_, err := db.Entry(ctx, "upgrade", "scopes")
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return db.write(ctx, func(w *writer) error { return w.upgrade(ctx) })
}

var dialect = store.Dialect{
	Ints:  `SELECT value::bigint FROM json_array_elements_text(?::json)`,
	Texts: `SELECT json_array_elements_text(?::json)`,
}

// with runs f on a connection.
func (db *DB) with(ctx context.Context, f func(context.Context, *pgx.Conn) error) error {
	c, err := db.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Raw(func(dc any) error { return f(ctx, dc.(*stdlib.Conn).Conn()) })
}

// migrate brings the schema up to date, one numbered file after the other, all
// in one transaction.
func (db *DB) migrate(ctx context.Context, files fs.FS, newest int) error {
	return db.with(ctx, func(ctx context.Context, c *pgx.Conn) error {
		return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
			schema, err := schemaOf(ctx, tx)
			if err != nil {
				return err
			}
			if schema > newest {
				return fmt.Errorf("schema %d, this program knows %d: %w", schema, newest, store.ErrNewerSchema)
			}
			for ; schema < newest; schema++ {
				text, err := fs.ReadFile(files, fmt.Sprintf("migrations/%d.sql", schema+1))
				if err != nil {
					return err
				}
				if _, err := tx.Exec(ctx, string(text)); err != nil {
					return fmt.Errorf("migration %d: %w", schema+1, err)
				}
				if _, err := tx.Exec(ctx, `UPDATE schema SET version = $1`, schema+1); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// schemaOf returns the number of the last migration of a database, in which
// nobody else migrates or imports until tx ends.
func schemaOf(ctx context.Context, tx pgx.Tx) (int, error) {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, writers); err != nil {
		return 0, err
	}
	var exists bool
	if err := tx.QueryRow(ctx, `SELECT to_regclass('tocsin.schema') IS NOT NULL`).Scan(&exists); err != nil {
		return 0, err
	}
	if !exists {
		_, err := tx.Exec(ctx, `CREATE SCHEMA IF NOT EXISTS tocsin; CREATE TABLE schema (version bigint NOT NULL); INSERT INTO schema VALUES (0)`)
		if err != nil {
			err = fmt.Errorf("%w; let its owner run GRANT CREATE ON DATABASE, or make the schema tocsin and give it to you", err)
		}
		return 0, err
	}
	var schema int
	err := tx.QueryRow(ctx, `SELECT version FROM schema`).Scan(&schema)
	return schema, err
}

// Close implements store.Store.
func (db *DB) Close() error { return db.db.Close() }
