-- staging a stream
CREATE TABLE [#etl_stage_n] ([etl_seq] bigint IDENTITY(1, 1) NOT NULL PRIMARY KEY, [order] bigint NULL, [Note] nvarchar(max) COLLATE DATABASE_DEFAULT NULL);
TRUNCATE TABLE [#etl_stage_n];

-- staging a SELECT
SELECT TOP (0) q.* INTO [#etl_stage_n] FROM (
SELECT 1 AS a
) AS q;
SELECT c.name, COALESCE(b.name, TYPE_NAME(c.user_type_id)), c.max_length, c.precision, c.scale,
c.is_nullable FROM tempdb.sys.columns AS c LEFT JOIN tempdb.sys.types AS b ON b.user_type_id = c.system_type_id
WHERE c.object_id = OBJECT_ID(N'tempdb..[#etl_stage_n]') ORDER BY c.column_id;
DROP TABLE [#etl_stage_n];
CREATE TABLE [#etl_stage_n] ([etl_seq] bigint IDENTITY(1, 1) NOT NULL PRIMARY KEY, [order] bigint NULL, "x]y" nvarchar(20) COLLATE DATABASE_DEFAULT NULL, [Note] nvarchar(max) COLLATE DATABASE_DEFAULT NULL, [amount] decimal(12,2) NULL, [at] datetime2(6) NULL);
INSERT INTO [#etl_stage_n] WITH (TABLOCK) ([order], "x]y", [Note], [amount], [at]) SELECT [order], "x]y", [Note], [amount], [at] FROM (
SELECT 1 AS a
) AS q;

-- judging a mirror: misfits, a rule, repeated keys
DROP TABLE IF EXISTS [#etl_judged];
SELECT q.[etl_seq], q.reason, q.column_name INTO [#etl_judged] FROM (SELECT j.[etl_seq], r.reason, r.column_name FROM (SELECT s.[etl_seq], CASE WHEN s.[order] IS NULL THEN 0 WHEN s."x]y" IS NULL THEN 1 WHEN LEN(CONCAT(s."x]y", N'.') COLLATE Latin1_General_BIN2) - 1 > 20 THEN 2 WHEN s.[amount] IS NOT NULL AND TRY_CAST(s.[amount] AS decimal(12,2)) IS NULL THEN 3 WHEN ROUND(s.[amount], 2) <> s.[amount] THEN 4 WHEN EXISTS (SELECT 1 FROM (SELECT CAST(ROUND(s.[amount], 2) AS decimal(12,2)) AS [amount]) AS x WHERE NOT (amount > 0)) THEN 5 END AS why FROM [#etl_stage_n] AS s) AS j INNER JOIN (VALUES (0, N'null_key', N'order'), (1, N'null_key', N'x]y'), (2, N'too_long', N'x]y'), (3, N'not_convertible', N'amount'), (4, N'too_precise', N'amount'), (5, N'positive', N'')) AS r (why, reason, column_name) ON r.why = j.why) AS q;
SELECT COUNT(*) FROM [#etl_judged];
DROP TABLE IF EXISTS [#etl_gone];
SELECT MIN(g.row_key) AS row_key, g.reason, g.column_name, g.payload_hash INTO [#etl_gone] FROM (SELECT h.row_key, h.reason, h.column_name, CONCAT(CAST(SUBSTRING(h.h, 1, 8) AS bigint), N'.', CAST(SUBSTRING(h.h, 9, 8) AS bigint), N'.', CAST(SUBSTRING(h.h, 17, 8) AS bigint)) AS payload_hash FROM (SELECT CONCAT(N'[', COALESCE(CONVERT(nvarchar(max), s.[order], 121), N'null'), N', ', COALESCE(N'"' + REPLACE(REPLACE(REPLACE(CAST(s."x]y" AS nvarchar(max)), '\', '\\'), '"', '\"'), CHAR(10), '\n') + N'"', N'null'), N']') AS row_key, HASHBYTES('SHA2_256', CAST(CONCAT(COALESCE(CAST(LEN(CONVERT(nvarchar(max), s.[order], 121)) AS nvarchar(12)) + N':' + CONVERT(nvarchar(max), s.[order], 121), N'-'), COALESCE(CAST(LEN(CAST(s."x]y" AS nvarchar(max))) AS nvarchar(12)) + N':' + CAST(s."x]y" AS nvarchar(max)), N'-'), COALESCE(CAST(LEN(CAST(s.[Note] AS nvarchar(max))) AS nvarchar(12)) + N':' + CAST(s.[Note] AS nvarchar(max)), N'-'), COALESCE(CAST(LEN(CONVERT(nvarchar(max), s.[amount], 121)) AS nvarchar(12)) + N':' + CONVERT(nvarchar(max), s.[amount], 121), N'-'), COALESCE(CAST(LEN(CONVERT(nvarchar(34), s.[at], 121)) AS nvarchar(12)) + N':' + CONVERT(nvarchar(34), s.[at], 121), N'-')) AS nvarchar(max))) AS h, j.reason, j.column_name FROM [#etl_stage_n] AS s INNER JOIN [#etl_judged] AS j ON j.[etl_seq] = s.[etl_seq]) AS h) AS g GROUP BY g.reason, g.column_name, g.payload_hash;
UPDATE r SET last_run_id = 7, last_seen_at = SYSUTCDATETIME(), resolved_at = NULL FROM [ctl].[rejected_row] AS r WITH (UPDLOCK, HOLDLOCK) INNER JOIN [#etl_gone] AS g ON r.entity = N't.stg.Orders' AND r.payload_hash = g.payload_hash AND r.reason = g.reason AND r.column_name = g.column_name;
INSERT INTO [ctl].[rejected_row] (entity, row_key, reason, column_name, payload_hash, first_run_id, last_run_id) SELECT N't.stg.Orders', g.row_key, g.reason, g.column_name, g.payload_hash, 7, 7 FROM [#etl_gone] AS g WHERE NOT EXISTS (SELECT 1 FROM [ctl].[rejected_row] AS r WITH (UPDLOCK, HOLDLOCK) WHERE r.entity = N't.stg.Orders' AND r.payload_hash = g.payload_hash AND r.reason = g.reason AND r.column_name = g.column_name);
DELETE s FROM [#etl_stage_n] AS s INNER JOIN [#etl_judged] AS j ON j.[etl_seq] = s.[etl_seq];
DROP TABLE [#etl_gone];
DROP TABLE [#etl_judged];
SELECT CASE WHEN EXISTS (SELECT 1 FROM [#etl_stage_n] AS s GROUP BY s.[order], s."x]y" HAVING COUNT(*) > 1) THEN 1 ELSE 0 END;
DROP TABLE IF EXISTS [#etl_judged];
SELECT q.[etl_seq], q.reason, q.column_name INTO [#etl_judged] FROM (SELECT d.[etl_seq], N'duplicate_key' AS reason, N'' AS column_name FROM (SELECT s.[etl_seq], ROW_NUMBER() OVER (PARTITION BY s.[order], s."x]y" ORDER BY s.[at] DESC, HASHBYTES('SHA2_256', CAST(CONCAT(COALESCE(CAST(LEN(CONVERT(nvarchar(max), s.[order], 121)) AS nvarchar(12)) + N':' + CONVERT(nvarchar(max), s.[order], 121), N'-'), COALESCE(CAST(LEN(CAST(s."x]y" AS nvarchar(max))) AS nvarchar(12)) + N':' + CAST(s."x]y" AS nvarchar(max)), N'-'), COALESCE(CAST(LEN(CAST(s.[Note] AS nvarchar(max))) AS nvarchar(12)) + N':' + CAST(s.[Note] AS nvarchar(max)), N'-'), COALESCE(CAST(LEN(CONVERT(nvarchar(max), s.[amount], 121)) AS nvarchar(12)) + N':' + CONVERT(nvarchar(max), s.[amount], 121), N'-'), COALESCE(CAST(LEN(CONVERT(nvarchar(34), s.[at], 121)) AS nvarchar(12)) + N':' + CONVERT(nvarchar(34), s.[at], 121), N'-')) AS nvarchar(max)))) AS n FROM [#etl_stage_n] AS s) AS d WHERE d.n > 1) AS q;
SELECT COUNT(*) FROM [#etl_judged];
DROP TABLE IF EXISTS [#etl_gone];
SELECT MIN(g.row_key) AS row_key, g.reason, g.column_name, g.payload_hash INTO [#etl_gone] FROM (SELECT h.row_key, h.reason, h.column_name, CONCAT(CAST(SUBSTRING(h.h, 1, 8) AS bigint), N'.', CAST(SUBSTRING(h.h, 9, 8) AS bigint), N'.', CAST(SUBSTRING(h.h, 17, 8) AS bigint)) AS payload_hash FROM (SELECT CONCAT(N'[', COALESCE(CONVERT(nvarchar(max), s.[order], 121), N'null'), N', ', COALESCE(N'"' + REPLACE(REPLACE(REPLACE(CAST(s."x]y" AS nvarchar(max)), '\', '\\'), '"', '\"'), CHAR(10), '\n') + N'"', N'null'), N']') AS row_key, HASHBYTES('SHA2_256', CAST(CONCAT(COALESCE(CAST(LEN(CONVERT(nvarchar(max), s.[order], 121)) AS nvarchar(12)) + N':' + CONVERT(nvarchar(max), s.[order], 121), N'-'), COALESCE(CAST(LEN(CAST(s."x]y" AS nvarchar(max))) AS nvarchar(12)) + N':' + CAST(s."x]y" AS nvarchar(max)), N'-'), COALESCE(CAST(LEN(CAST(s.[Note] AS nvarchar(max))) AS nvarchar(12)) + N':' + CAST(s.[Note] AS nvarchar(max)), N'-'), COALESCE(CAST(LEN(CONVERT(nvarchar(max), s.[amount], 121)) AS nvarchar(12)) + N':' + CONVERT(nvarchar(max), s.[amount], 121), N'-'), COALESCE(CAST(LEN(CONVERT(nvarchar(34), s.[at], 121)) AS nvarchar(12)) + N':' + CONVERT(nvarchar(34), s.[at], 121), N'-')) AS nvarchar(max))) AS h, j.reason, j.column_name FROM [#etl_stage_n] AS s INNER JOIN [#etl_judged] AS j ON j.[etl_seq] = s.[etl_seq]) AS h) AS g GROUP BY g.reason, g.column_name, g.payload_hash;
UPDATE r SET last_run_id = 7, last_seen_at = SYSUTCDATETIME(), resolved_at = NULL FROM [ctl].[rejected_row] AS r WITH (UPDLOCK, HOLDLOCK) INNER JOIN [#etl_gone] AS g ON r.entity = N't.stg.Orders' AND r.payload_hash = g.payload_hash AND r.reason = g.reason AND r.column_name = g.column_name;
INSERT INTO [ctl].[rejected_row] (entity, row_key, reason, column_name, payload_hash, first_run_id, last_run_id) SELECT N't.stg.Orders', g.row_key, g.reason, g.column_name, g.payload_hash, 7, 7 FROM [#etl_gone] AS g WHERE NOT EXISTS (SELECT 1 FROM [ctl].[rejected_row] AS r WITH (UPDLOCK, HOLDLOCK) WHERE r.entity = N't.stg.Orders' AND r.payload_hash = g.payload_hash AND r.reason = g.reason AND r.column_name = g.column_name);
DELETE s FROM [#etl_stage_n] AS s INNER JOIN [#etl_judged] AS j ON j.[etl_seq] = s.[etl_seq];
DROP TABLE [#etl_gone];
DROP TABLE [#etl_judged];
SELECT CASE WHEN EXISTS (SELECT 1 FROM [ctl].[rejected_row] WHERE entity = N't.stg.Orders' AND resolved_at IS NULL) THEN 1 ELSE 0 END;
UPDATE [ctl].[rejected_row] SET resolved_at = SYSUTCDATETIME() WHERE entity = N't.stg.Orders' AND resolved_at IS NULL AND reason <> N'duplicate_key' AND row_key IN (SELECT CONCAT(N'[', COALESCE(CONVERT(nvarchar(max), s.[order], 121), N'null'), N', ', COALESCE(N'"' + REPLACE(REPLACE(REPLACE(CAST(s."x]y" AS nvarchar(max)), '\', '\\'), '"', '\"'), CHAR(10), '\n') + N'"', N'null'), N']') FROM [#etl_stage_n] AS s);

-- Incremental and Snapshot: merging a batch nobody feeds on, newer rows kept
UPDATE o SET [Note] = s.[Note], [amount] = s.[amount], [at] = s.[at], [etl_updated_at] = SYSUTCDATETIME() FROM [stg].[Orders] AS o WITH (UPDLOCK, HOLDLOCK) INNER JOIN [#etl_stage_n] AS s ON o.[order] = s.[order] AND o."x]y" = s."x]y" WHERE (NOT EXISTS (SELECT CAST(o.[Note] AS varbinary(max)), o.[amount], o.[at] INTERSECT SELECT CAST(s.[Note] AS varbinary(max)), s.[amount], s.[at])) AND NOT ((o.[at] IS NOT NULL AND s.[at] IS NULL) OR (o.[at] IS NOT NULL AND s.[at] IS NOT NULL AND o.[at] > s.[at]));
INSERT INTO [stg].[Orders] ([order], "x]y", [Note], [amount], [at], [etl_updated_at], [etl_inserted_at]) SELECT s.[order], s."x]y", s.[Note], s.[amount], s.[at], SYSUTCDATETIME(), SYSUTCDATETIME() FROM [#etl_stage_n] AS s WHERE NOT EXISTS (SELECT 1 FROM [stg].[Orders] AS t WITH (UPDLOCK, HOLDLOCK) WHERE t.[order] = s.[order] AND t."x]y" = s."x]y");

-- the same with soft deletes, feeding a consumer by a column
SELECT c.name, COALESCE(b.name, TYPE_NAME(c.user_type_id)), c.max_length, c.precision, c.scale,
c.is_nullable FROM sys.columns AS c LEFT JOIN sys.types AS b ON b.user_type_id = c.system_type_id
WHERE c.object_id = (SELECT o.object_id FROM sys.objects AS o INNER JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE s.name = N'stg' AND o.name = N'Orders' AND o.type IN ('U', 'V')) ORDER BY c.column_id;
DROP TABLE IF EXISTS #changes;
CREATE TABLE #changes ([op] nvarchar(1) COLLATE DATABASE_DEFAULT NULL, [image] nvarchar(3) COLLATE DATABASE_DEFAULT NULL, [Note] nvarchar(max) COLLATE DATABASE_DEFAULT NULL);
DROP TABLE IF EXISTS [#etl_differing];
SELECT s.[etl_seq] + 0 AS [etl_seq], CAST(o.[Note] AS nvarchar(max)) AS [Note] INTO [#etl_differing] FROM [stg].[Orders] AS o WITH (UPDLOCK, HOLDLOCK) INNER JOIN [#etl_stage_n] AS s ON o.[order] = s.[order] AND o."x]y" = s."x]y" WHERE (NOT EXISTS (SELECT CAST(o.[Note] AS varbinary(max)), o.[amount], o.[at] INTERSECT SELECT CAST(s.[Note] AS varbinary(max)), s.[amount], s.[at]) OR o.[is_deleted] = 1);
UPDATE o SET [Note] = s.[Note], [amount] = s.[amount], [at] = s.[at], [etl_updated_at] = SYSUTCDATETIME(), [deleted_at] = NULL, [is_deleted] = 0 FROM [stg].[Orders] AS o INNER JOIN [#etl_stage_n] AS s ON o.[order] = s.[order] AND o."x]y" = s."x]y" INNER JOIN [#etl_differing] AS d ON d.[etl_seq] = s.[etl_seq];
INSERT INTO #changes (op, image, [Note]) SELECT N'U', N'old', d.[Note] FROM [#etl_differing] AS d UNION ALL SELECT N'U', N'new', o.[Note] FROM [stg].[Orders] AS o INNER JOIN [#etl_stage_n] AS s ON o.[order] = s.[order] AND o."x]y" = s."x]y" INNER JOIN [#etl_differing] AS d ON d.[etl_seq] = s.[etl_seq];
DROP TABLE [#etl_differing];
INSERT INTO [stg].[Orders] ([order], "x]y", [Note], [amount], [at], [etl_updated_at], [deleted_at], [is_deleted], [etl_inserted_at]) OUTPUT N'I', N'new', inserted.[Note] INTO #changes (op, image, [Note]) SELECT s.[order], s."x]y", s.[Note], s.[amount], s.[at], SYSUTCDATETIME(), NULL, 0, SYSUTCDATETIME() FROM [#etl_stage_n] AS s WHERE NOT EXISTS (SELECT 1 FROM [stg].[Orders] AS t WITH (UPDLOCK, HOLDLOCK) WHERE t.[order] = s.[order] AND t."x]y" = s."x]y");

-- hard deletes: how many, then gone
SELECT COUNT(*) FROM [stg].[Orders] AS t WHERE NOT EXISTS (SELECT 1 FROM [#etl_stage_n] AS s WHERE s.[order] = t.[order] AND s."x]y" = t."x]y");
DELETE t OUTPUT N'D', N'old', deleted.[order] INTO #changes (op, image, [order]) FROM [stg].[Orders] AS t WITH (UPDLOCK, HOLDLOCK) WHERE NOT EXISTS (SELECT 1 FROM [#etl_stage_n] AS s WHERE s.[order] = t.[order] AND s."x]y" = t."x]y");

-- soft deletes
INSERT INTO #changes (op, image, [order]) SELECT N'D', N'old', t.[order] FROM [stg].[Orders] AS t WITH (UPDLOCK, HOLDLOCK) WHERE NOT EXISTS (SELECT 1 FROM [#etl_stage_n] AS s WHERE s.[order] = t.[order] AND s."x]y" = t."x]y") AND t.[is_deleted] = 0;
UPDATE t SET [is_deleted] = 1, [deleted_at] = SYSUTCDATETIME(), [etl_updated_at] = SYSUTCDATETIME() FROM [stg].[Orders] AS t WITH (UPDLOCK, HOLDLOCK) WHERE NOT EXISTS (SELECT 1 FROM [#etl_stage_n] AS s WHERE s.[order] = t.[order] AND s."x]y" = t."x]y") AND t.[is_deleted] = 0;

-- Merge: pending keys, rows and their surrogate keys, keys that are gone
CREATE TABLE [#etl_stage_n] ([etl_seq] bigint IDENTITY(1, 1) NOT NULL PRIMARY KEY, [key] int NULL);
CREATE TABLE [#etl_stage_n] ([etl_seq] bigint IDENTITY(1, 1) NOT NULL PRIMARY KEY, [key] nvarchar(max) COLLATE DATABASE_DEFAULT NULL);
DELETE FROM [ctl].[pending_key] WITH (READPAST) OUTPUT deleted.[key] INTO [#etl_stage_n] ([key]) WHERE consumer = 't.dim.people' AND seq <= 9 AND [key] IN (SELECT TOP (500) k.[key] FROM (SELECT DISTINCT p.[key] FROM [ctl].[pending_key] AS p WITH (READPAST) WHERE consumer = 't.dim.people' AND seq <= 9) AS k ORDER BY k.[key]);
INSERT INTO [#etl_stage_n] ([key]) SELECT DISTINCT CAST(t.[key] AS int) FROM [#etl_stage_n] AS t;
DROP TABLE IF EXISTS [#etl_stage_n];
DROP TABLE IF EXISTS [#etl_differing];
SELECT s.[etl_seq] + 0 AS [etl_seq], CAST(o.[sk] AS bigint) AS [sk], CAST(o.[id] AS int) AS [id] INTO [#etl_differing] FROM [dim].[people] AS o WITH (UPDLOCK, HOLDLOCK) INNER JOIN [#etl_stage_n] AS s ON o.[id] = s.[id] WHERE (NOT EXISTS (SELECT CAST(o.[name] AS varbinary(8000)) INTERSECT SELECT CAST(s.[name] AS varbinary(8000))));
UPDATE o SET [name] = s.[name], [run] = CAST(N'6f9619ff-8b86-d011-b42d-00c04fc964ff' AS uniqueidentifier) FROM [dim].[people] AS o INNER JOIN [#etl_stage_n] AS s ON o.[id] = s.[id] INNER JOIN [#etl_differing] AS d ON d.[etl_seq] = s.[etl_seq];
INSERT INTO #changes (op, image, [sk], [id]) SELECT N'U', N'old', d.[sk], d.[id] FROM [#etl_differing] AS d UNION ALL SELECT N'U', N'new', o.[sk], o.[id] FROM [dim].[people] AS o INNER JOIN [#etl_stage_n] AS s ON o.[id] = s.[id] INNER JOIN [#etl_differing] AS d ON d.[etl_seq] = s.[etl_seq];
DROP TABLE [#etl_differing];
INSERT INTO [dim].[people] ([id], [name], [run]) OUTPUT N'I', N'new', inserted.[sk], inserted.[id] INTO #changes (op, image, [sk], [id]) SELECT s.[id], s.[name], CAST(N'6f9619ff-8b86-d011-b42d-00c04fc964ff' AS uniqueidentifier) FROM [#etl_stage_n] AS s WHERE NOT EXISTS (SELECT 1 FROM [dim].[people] AS t WITH (UPDLOCK, HOLDLOCK) WHERE t.[id] = s.[id]) ORDER BY s.[id];
DELETE t OUTPUT N'D', N'old', deleted.[sk] INTO #changes (op, image, [sk]) FROM [dim].[people] AS t WITH (UPDLOCK, HOLDLOCK) WHERE NOT EXISTS (SELECT 1 FROM [#etl_stage_n] AS s WHERE s.[id] = t.[id]) AND (t.[id] IN (SELECT [key] FROM [#etl_stage_n]));

-- ReplaceWindow: rows of a month, and those it no longer has
DROP TABLE IF EXISTS [#etl_differing];
SELECT s.[etl_seq] + 0 AS [etl_seq], CAST(o.[day] AS date) AS [day] INTO [#etl_differing] FROM [fact].[sales] AS o WITH (UPDLOCK, HOLDLOCK) INNER JOIN [#etl_stage_n] AS s ON o.[id] = s.[id] WHERE (NOT EXISTS (SELECT o.[day], o.[total] INTERSECT SELECT s.[day], CAST(ROUND(s.[total], 2) AS decimal(15,2))));
UPDATE o SET [day] = s.[day], [total] = CAST(ROUND(s.[total], 2) AS decimal(15,2)) FROM [fact].[sales] AS o INNER JOIN [#etl_stage_n] AS s ON o.[id] = s.[id] INNER JOIN [#etl_differing] AS d ON d.[etl_seq] = s.[etl_seq];
INSERT INTO #changes (op, image, [day]) SELECT N'U', N'old', d.[day] FROM [#etl_differing] AS d UNION ALL SELECT N'U', N'new', o.[day] FROM [fact].[sales] AS o INNER JOIN [#etl_stage_n] AS s ON o.[id] = s.[id] INNER JOIN [#etl_differing] AS d ON d.[etl_seq] = s.[etl_seq];
DROP TABLE [#etl_differing];
INSERT INTO [fact].[sales] ([id], [day], [total]) OUTPUT N'I', N'new', inserted.[day] INTO #changes (op, image, [day]) SELECT s.[id], s.[day], CAST(ROUND(s.[total], 2) AS decimal(15,2)) FROM [#etl_stage_n] AS s WHERE NOT EXISTS (SELECT 1 FROM [fact].[sales] AS t WITH (UPDLOCK, HOLDLOCK) WHERE t.[id] = s.[id]);
DELETE t OUTPUT N'D', N'old', deleted.[day] INTO #changes (op, image, [day]) FROM [fact].[sales] AS t WITH (UPDLOCK, HOLDLOCK) WHERE NOT EXISTS (SELECT 1 FROM [#etl_stage_n] AS s WHERE s.[id] = t.[id]) AND ((t.[day] >= CONVERT(date, N'2026-05-01', 121)));

-- a lock
DECLARE @r int; EXEC @r = sp_getapplock @Resource = N'etl_assets:dw:dim.people', @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = 30000; SELECT @r;
DECLARE @r int; EXEC @r = sp_releaseapplock @Resource = N'etl_assets:dw:dim.people', @LockOwner = 'Session'; SELECT @r;

-- the catalog
SELECT c.name, COALESCE(b.name, TYPE_NAME(c.user_type_id)), c.max_length, c.precision, c.scale,
c.is_nullable FROM sys.columns AS c LEFT JOIN sys.types AS b ON b.user_type_id = c.system_type_id
WHERE c.object_id = (SELECT o.object_id FROM sys.objects AS o INNER JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE s.name = N'core' AND o.name = N'Orders' AND o.type IN ('U', 'V')) ORDER BY c.column_id;
SELECT i.index_id, c.name FROM sys.indexes AS i INNER JOIN sys.index_columns AS k ON k.object_id = i.object_id AND k.index_id = i.index_id INNER JOIN sys.columns AS c ON c.object_id = k.object_id AND c.column_id = k.column_id WHERE i.object_id = (SELECT o.object_id FROM sys.objects AS o INNER JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE s.name = N'core' AND o.name = N'Orders' AND o.type IN ('U', 'V')) AND i.has_filter = 0 AND i.is_disabled = 0 AND i.is_unique = 1 AND k.is_included_column = 0;
SELECT o.object_id FROM sys.objects AS o INNER JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE s.name = N'core' AND o.name = N'O''Neil' AND o.type IN ('U', 'V');
ALTER TABLE [stg].[Orders] ALTER COLUMN "x]y" nvarchar(20) NULL;
SELECT COUNT(*) FROM sys.extended_properties AS p WHERE p.class = 1 AND p.name = N'MS_Description' AND p.major_id = (SELECT o.object_id FROM sys.objects AS o INNER JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE s.name = N'stg' AND o.name = N'Orders' AND o.type IN ('U', 'V')) AND p.minor_id = COLUMNPROPERTY((SELECT o.object_id FROM sys.objects AS o INNER JOIN sys.schemas AS s ON s.schema_id = o.schema_id WHERE s.name = N'stg' AND o.name = N'Orders' AND o.type IN ('U', 'V')), N'x]y', 'ColumnId');
EXEC sp_updateextendedproperty N'MS_Description', N'It''s ção', N'SCHEMA', N'stg', N'TABLE', N'Orders', N'COLUMN', N'x]y';
IF SCHEMA_ID(N'stg') IS NULL EXEC(N'CREATE SCHEMA [stg]');

-- the last row of a batch
SELECT TOP (1) CONVERT(nvarchar(34), s.[at], 121), CAST(s."x]y" AS nvarchar(max)), CONVERT(nvarchar(max), s.[order], 121) FROM [#etl_stage_n] AS s WHERE s.[at] IS NOT NULL AND s."x]y" IS NOT NULL AND s.[order] IS NOT NULL AND s.[at] <= CONVERT(datetime2(7), '2026-03-01 00:00:00.1234567', 121) ORDER BY s.[at] DESC, s."x]y" COLLATE Latin1_General_BIN2 DESC, s.[order] DESC;
