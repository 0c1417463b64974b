-- Core events on their way out. A row is written in the transaction of the change it tells of, so
-- that there is no change without its event and no event without its change; the relay takes rows
-- in the order of their ids to the event bus and removes them. Two changes of one thing get their
-- ids in the order in which they take effect, because the second waits for the row lock of the first.
CREATE TABLE event_outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic      text NOT NULL,
    payload    jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
