-- Replies: what reads a mailbox may tell that a recipient answered, which is known like an open or a click.

ALTER TYPE tracking_kind ADD VALUE 'replied';
ALTER TABLE message_feedback
    DROP CONSTRAINT message_feedback_kind_check,
    ADD CONSTRAINT message_feedback_kind_check
        CHECK (kind IN ('soft_bounce', 'hard_bounce', 'complaint', 'replied'));
