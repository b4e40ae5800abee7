// SPDX-License-Identifier: MIT

/// The tables of the store, one migration per `user_version`. A migration, once released, is never edited.
enum Schema {
    /// `grants.subject` is an inode number; `passage` lists, for every inode above a grant, that the grant lies below:
    /// it is what makes the way there passable, is derived from `grants`, and decides nothing by itself.
    ///
    /// `state` has one row, of each change anew. `line` has the lines of changes that the audit log may not have on its disk.
    ///
    /// Rows in `deleted` lie in no folder: the parent of the node is itself, and `parent` is the folder where it was, which may be gone.
    static let migrations: [String] = [
        """
        CREATE TABLE store (
          id          INTEGER PRIMARY KEY CHECK (id = 1),
          uuid        BLOB NOT NULL CHECK (length(uuid) = 16),
          root_public BLOB NOT NULL CHECK (length(root_public) = 32),
          salt        BLOB,
          operations  INTEGER,
          memory      INTEGER,
          created     INTEGER NOT NULL,
          signature   BLOB NOT NULL
        ) STRICT;

        CREATE TABLE sequence (
          id   INTEGER PRIMARY KEY CHECK (id = 1),
          next INTEGER NOT NULL,
          seal BLOB NOT NULL
        ) STRICT;

        CREATE TABLE audit (
          id     INTEGER PRIMARY KEY CHECK (id = 1),
          count  INTEGER NOT NULL,
          offset INTEGER NOT NULL,
          chain  BLOB NOT NULL,
          seal   BLOB NOT NULL
        ) STRICT;

        CREATE TABLE node (
          id      INTEGER PRIMARY KEY,
          uuid    BLOB NOT NULL UNIQUE,
          parent  INTEGER NOT NULL REFERENCES node (id),
          kind    INTEGER NOT NULL,
          name    BLOB NOT NULL,
          created INTEGER NOT NULL,
          changed INTEGER NOT NULL,
          current INTEGER NOT NULL,
          length  INTEGER NOT NULL,
          line    INTEGER NOT NULL,
          policy  BLOB,
          seal    BLOB NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX node_name ON node (parent, kind = 9, name);
        CREATE INDEX node_list ON node (parent, kind, id);

        CREATE TABLE key (
          id        INTEGER PRIMARY KEY,
          uuid      BLOB NOT NULL UNIQUE,
          scope     INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
          public    BLOB NOT NULL,
          private   BLOB NOT NULL,
          created   INTEGER NOT NULL,
          signature BLOB NOT NULL
        ) STRICT;
        CREATE INDEX key_scope ON key (scope, id);

        CREATE TABLE version (
          id        INTEGER PRIMARY KEY,
          uuid      BLOB NOT NULL UNIQUE,
          node      INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
          number    INTEGER NOT NULL,
          created   INTEGER NOT NULL,
          author    INTEGER NOT NULL,
          length    INTEGER NOT NULL,
          line      INTEGER NOT NULL,
          key       INTEGER NOT NULL REFERENCES key (id),
          data_key  BLOB NOT NULL,
          signature BLOB NOT NULL,
          value     BLOB NOT NULL,
          UNIQUE (node, number)
        ) STRICT;
        CREATE INDEX version_key ON version (key);

        CREATE TABLE grants (
          id        INTEGER PRIMARY KEY,
          uuid      BLOB NOT NULL UNIQUE,
          subject   INTEGER NOT NULL,
          node      INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
          class     INTEGER NOT NULL,
          principal INTEGER NOT NULL,
          rights    INTEGER NOT NULL,
          author    INTEGER NOT NULL,
          created   INTEGER NOT NULL,
          signature BLOB NOT NULL,
          UNIQUE (subject, class, principal)
        ) STRICT;
        CREATE INDEX grants_node ON grants (node);
        CREATE INDEX grants_principal ON grants (class, principal);

        CREATE TABLE passage (
          inode INTEGER NOT NULL,
          grant INTEGER NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
          PRIMARY KEY (inode, grant)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX passage_grant ON passage (grant);
        """,
        """
        ALTER TABLE node ADD COLUMN description BLOB;

        CREATE TABLE deleted (
          node   INTEGER PRIMARY KEY REFERENCES node (id) ON DELETE CASCADE,
          parent INTEGER NOT NULL,
          scope  INTEGER NOT NULL,
          path   BLOB NOT NULL,
          time   INTEGER NOT NULL,
          author INTEGER NOT NULL,
          seal   BLOB NOT NULL
        ) STRICT;
        CREATE INDEX deleted_parent ON deleted (parent);
        CREATE INDEX deleted_scope ON deleted (scope);
        CREATE INDEX deleted_time ON deleted (time);
        """,
        """
        ALTER TABLE audit RENAME TO state;
        ALTER TABLE state ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE state ADD COLUMN lines INTEGER NOT NULL DEFAULT 0;

        CREATE TABLE line (
          generation INTEGER NOT NULL,
          part       INTEGER NOT NULL,
          text       BLOB NOT NULL,
          seal       BLOB NOT NULL,
          PRIMARY KEY (generation, part)
        ) STRICT, WITHOUT ROWID;
        """,
        """
        ALTER TABLE deleted ADD COLUMN sequence INTEGER;
        ALTER TABLE deleted ADD COLUMN way BLOB;
        ALTER TABLE deleted ADD COLUMN watched INTEGER;
        DROP INDEX deleted_time;
        DROP INDEX deleted_scope;
        CREATE INDEX deleted_scope ON deleted (scope, time);

        CREATE TABLE watch (
          id      INTEGER PRIMARY KEY CHECK (id = 1),
          watched INTEGER NOT NULL,
          boot    BLOB NOT NULL,
          reading INTEGER NOT NULL,
          seal    BLOB NOT NULL
        ) STRICT;
        """,
        """
        ALTER TABLE node ADD COLUMN type BLOB;
        """,
        """
        ALTER TABLE node ADD COLUMN modified INTEGER;
        DROP INDEX deleted_parent;
        CREATE INDEX deleted_parent ON deleted (parent, sequence);
        """,
        """
        ALTER TABLE version ADD COLUMN origin BLOB;
        ALTER TABLE version ADD COLUMN origin_number INTEGER;
        """,
    ]
}
