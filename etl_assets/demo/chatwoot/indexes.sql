-- Every published index of these tables that plain PostgreSQL can build, under its published name. conversations has none on
-- updated_at: an incremental read scans the table, as it does in production. Do not add one to make the demo faster.

CREATE INDEX IF NOT EXISTS index_accounts_on_status ON accounts (status);

CREATE INDEX IF NOT EXISTS index_agent_bots_on_account_id ON agent_bots (account_id);

CREATE INDEX IF NOT EXISTS index_contact_inboxes_on_contact_id ON contact_inboxes (contact_id);
CREATE UNIQUE INDEX IF NOT EXISTS index_contact_inboxes_on_inbox_id_and_source_id ON contact_inboxes (inbox_id, source_id);
CREATE INDEX IF NOT EXISTS index_contact_inboxes_on_inbox_id ON contact_inboxes (inbox_id);
CREATE UNIQUE INDEX IF NOT EXISTS index_contact_inboxes_on_pubsub_token ON contact_inboxes (pubsub_token);
CREATE INDEX IF NOT EXISTS index_contact_inboxes_on_source_id ON contact_inboxes (source_id);

CREATE INDEX IF NOT EXISTS index_contacts_on_lower_email_account_id ON contacts (lower(email::text), account_id);
CREATE INDEX IF NOT EXISTS index_contacts_on_account_id_and_contact_type ON contacts (account_id, contact_type);
CREATE INDEX IF NOT EXISTS index_contacts_on_nonempty_fields ON contacts (account_id, email, phone_number, identifier)
    WHERE email::text <> ''::text OR phone_number::text <> ''::text OR identifier::text <> ''::text;
CREATE INDEX IF NOT EXISTS index_contacts_on_account_id_and_last_activity_at
    ON contacts (account_id, last_activity_at DESC NULLS LAST);
CREATE INDEX IF NOT EXISTS index_contacts_on_account_id ON contacts (account_id);
CREATE INDEX IF NOT EXISTS index_resolved_contact_account_id ON contacts (account_id)
    WHERE email::text <> ''::text OR phone_number::text <> ''::text OR identifier::text <> ''::text;
CREATE INDEX IF NOT EXISTS index_contacts_on_blocked ON contacts (blocked);
CREATE UNIQUE INDEX IF NOT EXISTS uniq_email_per_account_contact ON contacts (email, account_id);
CREATE UNIQUE INDEX IF NOT EXISTS uniq_identifier_per_account_contact ON contacts (identifier, account_id);
CREATE INDEX IF NOT EXISTS index_contacts_on_phone_number_and_account_id ON contacts (phone_number, account_id);

CREATE UNIQUE INDEX IF NOT EXISTS index_conversations_on_account_id_and_display_id ON conversations (account_id, display_id);
CREATE INDEX IF NOT EXISTS index_conversations_on_id_and_account_id ON conversations (account_id, id);
CREATE INDEX IF NOT EXISTS conv_acid_inbid_stat_asgnid_idx ON conversations (account_id, inbox_id, status, assignee_id);
CREATE INDEX IF NOT EXISTS index_conversations_on_account_id ON conversations (account_id);
CREATE INDEX IF NOT EXISTS index_conversations_on_assignee_id_and_account_id ON conversations (assignee_id, account_id);
CREATE INDEX IF NOT EXISTS index_conversations_on_campaign_id ON conversations (campaign_id);
CREATE INDEX IF NOT EXISTS index_conversations_on_contact_id ON conversations (contact_id);
CREATE INDEX IF NOT EXISTS index_conversations_on_contact_inbox_id ON conversations (contact_inbox_id);
CREATE INDEX IF NOT EXISTS index_conversations_on_first_reply_created_at ON conversations (first_reply_created_at);
CREATE INDEX IF NOT EXISTS index_conversations_on_inbox_id ON conversations (inbox_id);
CREATE INDEX IF NOT EXISTS index_conversations_on_priority ON conversations (priority);
CREATE INDEX IF NOT EXISTS index_conversations_on_status_and_account_id ON conversations (status, account_id);
CREATE INDEX IF NOT EXISTS index_conversations_on_status_and_priority ON conversations (status, priority);
CREATE INDEX IF NOT EXISTS index_conversations_on_team_id ON conversations (team_id);
CREATE UNIQUE INDEX IF NOT EXISTS index_conversations_on_uuid ON conversations (uuid);
CREATE INDEX IF NOT EXISTS index_conversations_on_waiting_since ON conversations (waiting_since);

CREATE INDEX IF NOT EXISTS index_csat_survey_responses_on_account_id ON csat_survey_responses (account_id);
CREATE INDEX IF NOT EXISTS index_csat_survey_responses_on_assigned_agent_id ON csat_survey_responses (assigned_agent_id);
CREATE INDEX IF NOT EXISTS index_csat_survey_responses_on_contact_id ON csat_survey_responses (contact_id);
CREATE INDEX IF NOT EXISTS index_csat_survey_responses_on_conversation_id ON csat_survey_responses (conversation_id);
CREATE UNIQUE INDEX IF NOT EXISTS index_csat_survey_responses_on_message_id ON csat_survey_responses (message_id);

CREATE INDEX IF NOT EXISTS index_inboxes_on_account_id ON inboxes (account_id);
CREATE INDEX IF NOT EXISTS index_inboxes_on_channel_id_and_channel_type ON inboxes (channel_id, channel_type);
CREATE INDEX IF NOT EXISTS index_inboxes_on_portal_id ON inboxes (portal_id);

CREATE INDEX IF NOT EXISTS index_labels_on_account_id ON labels (account_id);
CREATE UNIQUE INDEX IF NOT EXISTS index_labels_on_title_and_account_id ON labels (title, account_id);

CREATE INDEX IF NOT EXISTS index_messages_on_additional_attributes_campaign_id
    ON messages USING gin ((additional_attributes -> 'campaign_id'::text));
CREATE INDEX IF NOT EXISTS idx_messages_account_content_created ON messages (account_id, content_type, created_at);
CREATE INDEX IF NOT EXISTS index_messages_on_account_created_type ON messages (account_id, created_at, message_type);
CREATE INDEX IF NOT EXISTS index_messages_on_account_id_and_inbox_id ON messages (account_id, inbox_id);
CREATE INDEX IF NOT EXISTS index_messages_on_account_id ON messages (account_id);
CREATE INDEX IF NOT EXISTS index_messages_on_conversation_account_type_created
    ON messages (conversation_id, account_id, message_type, created_at);
CREATE INDEX IF NOT EXISTS index_messages_on_conversation_id ON messages (conversation_id);
CREATE INDEX IF NOT EXISTS index_messages_on_created_at ON messages (created_at);
CREATE INDEX IF NOT EXISTS index_messages_on_inbox_id ON messages (inbox_id);
CREATE INDEX IF NOT EXISTS index_messages_on_sender_type_and_sender_id ON messages (sender_type, sender_id);
CREATE INDEX IF NOT EXISTS index_messages_on_source_id ON messages (source_id);

CREATE INDEX IF NOT EXISTS reporting_events__account_id__name__created_at ON reporting_events (account_id, name, created_at);
CREATE INDEX IF NOT EXISTS index_reporting_events_on_account_id ON reporting_events (account_id);
CREATE INDEX IF NOT EXISTS index_reporting_events_on_conversation_id ON reporting_events (conversation_id);
CREATE INDEX IF NOT EXISTS index_reporting_events_on_created_at ON reporting_events (created_at);
CREATE INDEX IF NOT EXISTS index_reporting_events_on_inbox_id ON reporting_events (inbox_id);
CREATE INDEX IF NOT EXISTS index_reporting_events_on_name ON reporting_events (name);
CREATE INDEX IF NOT EXISTS index_reporting_events_on_user_id ON reporting_events (user_id);

CREATE INDEX IF NOT EXISTS index_taggings_on_context ON taggings (context);
CREATE UNIQUE INDEX IF NOT EXISTS taggings_idx
    ON taggings (tag_id, taggable_id, taggable_type, context, tagger_id, tagger_type);
CREATE INDEX IF NOT EXISTS index_taggings_on_tag_id ON taggings (tag_id);
CREATE INDEX IF NOT EXISTS index_taggings_on_taggable_id_and_taggable_type_and_context
    ON taggings (taggable_id, taggable_type, context);
CREATE INDEX IF NOT EXISTS taggings_idy ON taggings (taggable_id, taggable_type, tagger_id, context);
CREATE INDEX IF NOT EXISTS index_taggings_on_taggable_id ON taggings (taggable_id);
CREATE INDEX IF NOT EXISTS index_taggings_on_taggable_type ON taggings (taggable_type);
CREATE INDEX IF NOT EXISTS index_taggings_on_tagger_id_and_tagger_type ON taggings (tagger_id, tagger_type);
CREATE INDEX IF NOT EXISTS index_taggings_on_tagger_id ON taggings (tagger_id);

CREATE UNIQUE INDEX IF NOT EXISTS index_tags_on_name ON tags (name);

CREATE INDEX IF NOT EXISTS index_teams_on_account_id ON teams (account_id);
CREATE UNIQUE INDEX IF NOT EXISTS index_teams_on_name_and_account_id ON teams (name, account_id);

CREATE INDEX IF NOT EXISTS index_users_on_email ON users (email);
CREATE UNIQUE INDEX IF NOT EXISTS index_users_on_pubsub_token ON users (pubsub_token);
CREATE UNIQUE INDEX IF NOT EXISTS index_users_on_reset_password_token ON users (reset_password_token);
CREATE UNIQUE INDEX IF NOT EXISTS index_users_on_uid_and_provider ON users (uid, provider);
