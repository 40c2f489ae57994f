-- What waits because a provider asked to be left alone is told apart from what waits for its turn under a limit.

ALTER TABLE deferrals
    DROP CONSTRAINT deferrals_reason_check,
    ADD CONSTRAINT deferrals_reason_check
        CHECK (reason IN ('retry', 'pace', 'asked', 'quiet_hours', 'frequency_cap', 'warm_up', 'scheduled'));

-- A connection that rests by the rule of its warm-up works: neither a trial nor a message in flight ends its rest.
ALTER TABLE circuits ADD COLUMN pauses_warm_up boolean NOT NULL DEFAULT false;
