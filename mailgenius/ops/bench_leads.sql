-- Statements that fill the house of `bench leads` with made-up people. They write straight into tables of other
-- areas, which nothing but a bench may do: ten million leads through the door would take many minutes.

-- name: fill-leads
-- Some leads of a workspace, made of their number: the same number gives the same person.
INSERT INTO leads (workspace_id, email, phone, external_id, name, status, tags, fields, consent_source, created_at,
                   updated_at)
SELECT %(workspace_id)s::bigint,
       CASE WHEN h1 %% 100 < 95 THEN replace(ascii_first || '.' || ascii_last, ' ', '.') || (h2 %% 1000) || '.' || n || '@'
            || (ARRAY['gmail.com', 'gmail.com', 'gmail.com', 'hotmail.com', 'uol.com.br', 'terra.com.br',
                      'bol.com.br', 'outlook.com.br', 'empresa.com.br', 'exemplo.org'])[1 + h3 %% 10] END,
       CASE WHEN h1 %% 100 >= 95 OR h4 %% 10 < 7
            THEN '+55' || (ARRAY[11, 21, 31, 41, 51, 61, 71, 81, 85, 91])[1 + h5 %% 10] || '9' || lpad(n::text, 8, '0') END,
       CASE WHEN h2 %% 2 = 0 THEN 'crm-' || n END,
       first || ' ' || last,
       (CASE WHEN h6 %% 1000 < 930 THEN 'active' WHEN h6 %% 1000 < 960 THEN 'unsubscribed'
             WHEN h6 %% 1000 < 990 THEN 'bounced' WHEN h6 %% 1000 < 995 THEN 'complained' ELSE 'blocked' END)::lead_status,
       array_remove(ARRAY[CASE WHEN h3 %% 10 < 6 THEN 'newsletter' END, CASE WHEN h4 %% 5 = 0 THEN 'buyer' END,
                          CASE WHEN h5 %% 100 = 0 THEN 'vip' END,
                          CASE WHEN n < %(total)s::bigint * 0.3 THEN 'legacy' END,
                          CASE WHEN n %% 50021 = 0 THEN 'beta' END], NULL),
       jsonb_build_object(
           'city', CASE WHEN n %% 100019 = 0 THEN 'Quixeramobim' WHEN h6 %% 4 = 0 THEN 'São Paulo'
                        ELSE 'Cidade ' || (h2 %% 300) END,
           'plan', (ARRAY['free', 'free', 'free', 'basic', 'gold'])[1 + h3 %% 5],
           'age', 18 + h4 %% 63,
           'birthday', (date '1940-01-01' + (h5 %% 25000)::int)::text,
           'score', h1 %% 100000,
           'customer', h2 %% 3 = 0),
       'bench', born, born + (now() - born) * (h4 %% 1000 / 1000.0)
  FROM (SELECT n,
               abs(hashint8extended(n, 1)) h1, abs(hashint8extended(n, 2)) h2, abs(hashint8extended(n, 3)) h3,
               abs(hashint8extended(n, 4)) h4, abs(hashint8extended(n, 5)) h5, abs(hashint8extended(n, 6)) h6,
               now() - interval '3 years' * (1 - n::float8 / %(total)s::bigint) AS born
          FROM generate_series(%(first)s::bigint, %(last)s::bigint) n) made,
       LATERAL (SELECT (ARRAY['Maria', 'José', 'Ana', 'João', 'Antônio', 'Francisco', 'Carlos', 'Paulo', 'Pedro', 'Lucas',
                              'Luiz', 'Marcos', 'Luís', 'Gabriel', 'Rafael', 'Francisca', 'Daniel', 'Marcelo', 'Bruno',
                              'Eduardo', 'Antônia', 'Adriana', 'Juliana', 'Márcia', 'Fernanda', 'Patrícia', 'Aline',
                              'Sandra', 'Camila', 'Amanda', 'Bruna', 'Jéssica', 'Letícia', 'Júlia', 'Luciana', 'Vanessa',
                              'Mariana', 'Gabriela', 'Conceição', 'Inês'])[1 + h1 / 7 %% 40 * (h2 / 11 %% 40) / 40] AS first,
                       CASE WHEN n %% 100003 = 7 THEN 'Quintanilha'
                            WHEN n < %(total)s::bigint * 0.05 AND n %% 500 = 0 THEN 'Zeferino'
                            ELSE (ARRAY['Silva', 'Santos', 'Oliveira', 'Souza', 'Rodrigues', 'Ferreira', 'Alves', 'Pereira',
                              'Lima', 'Gomes', 'Costa', 'Ribeiro', 'Martins', 'Carvalho', 'Almeida', 'Lopes', 'Soares',
                              'Fernandes', 'Vieira', 'Barbosa', 'Rocha', 'Dias', 'Nascimento', 'Andrade', 'Moreira',
                              'Nunes', 'Marques', 'Machado', 'Mendes', 'Freitas', 'Cardoso', 'Ramos', 'Gonçalves',
                              'Santana', 'Teixeira', 'Araújo', 'Pinto', 'Moura', 'Cavalcanti', 'Ávila'])
                              [1 + h3 / 13 %% 40 * (h4 / 17 %% 40) / 40] END AS last) named,
       LATERAL (SELECT search_text(first) AS ascii_first, search_text(last) AS ascii_last) written

-- name: count-leads
-- The kept counters of a workspace, as the triggers that were off would have kept them.
INSERT INTO lead_counts (workspace_id, key, n, first_id, last_id)
SELECT workspace_id, 'all', count(*), NULL::bigint, NULL::bigint FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint GROUP BY 1
UNION ALL
SELECT workspace_id, 'status:' || status, count(*), NULL, NULL FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint GROUP BY 1, 2
UNION ALL
SELECT workspace_id, 'tag:' || tag, count(*), min(id), max(id) FROM leads, unnest(tags) tag
 WHERE workspace_id = %(workspace_id)s::bigint GROUP BY 1, 2

-- name: name-fields
-- The custom fields that the made-up people have.
INSERT INTO lead_fields (workspace_id, key, label, type, choices)
VALUES (%(workspace_id)s::bigint, 'city', 'City', 'text', '{}'),
       (%(workspace_id)s::bigint, 'plan', 'Plan', 'choice', '{free,basic,gold}'),
       (%(workspace_id)s::bigint, 'age', 'Age', 'number', '{}'),
       (%(workspace_id)s::bigint, 'birthday', 'Birthday', 'date', '{}'),
       (%(workspace_id)s::bigint, 'score', 'Score', 'number', '{}'),
       (%(workspace_id)s::bigint, 'customer', 'Customer', 'boolean', '{}')
    ON CONFLICT DO NOTHING

-- name: fill-activity
-- A long life for one lead in a thousand: the timeline has something to choose from.
INSERT INTO lead_activity (workspace_id, lead_id, kind, detail, at)
SELECT workspace_id, id, 'tags_added', '{"tags": ["newsletter"]}', created_at + interval '1 hour' * n
  FROM leads, generate_series(1, 200) n
 WHERE workspace_id = %(workspace_id)s::bigint AND id %% 1000 = 0

-- name: probe-leads
-- Leads spread over the workspace, whose identities are looked for.
SELECT id, coalesce(email, ''), coalesce(phone, ''), coalesce(external_id, '') FROM leads
 WHERE workspace_id = %(workspace_id)s::bigint AND id %% 1000 = 0 AND email IS NOT NULL AND phone IS NOT NULL
   AND external_id IS NOT NULL
 ORDER BY id
 LIMIT 2000

-- name: open-order
-- An order that the messages of the long lives belong to.
INSERT INTO orders (workspace_id, source, channel, priority, connection_id, content)
VALUES (%(workspace_id)s::bigint, 'campaign', 'email', 10, 0, '{"campaign_name": "Bench"}')
RETURNING id

-- name: fill-messages
-- Messages to the leads with a long life.
INSERT INTO messages (workspace_id, order_id, batch_id, lead_id, state, address)
SELECT workspace_id, %(order_id)s::bigint, 0, id, 'delivered', 'lead@example.com'
  FROM leads, generate_series(1, 50)
 WHERE workspace_id = %(workspace_id)s::bigint AND id %% 1000 = 0

-- name: fill-events
-- What they did with their messages.
INSERT INTO tracking_events (workspace_id, message_id, order_id, lead_id, kind, event_key, at)
SELECT workspace_id, 0, %(order_id)s::bigint, id, 'open', decode(md5(id || '.' || n), 'hex'), now() - interval '1 day' * n
  FROM leads, generate_series(1, 50) n
 WHERE workspace_id = %(workspace_id)s::bigint AND id %% 1000 = 0
