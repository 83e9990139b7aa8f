-- The sixteen tables of the platform's database that the ETL reads, unqualified: the session's search_path names the schema.
-- Types are the likely ones of the specification, but where a planted case needs a value such a column refuses: there
-- the column is text, as of a platform that keeps what its forms and partners send. No foreign keys: orphans exist. Ids
-- of the seven tables of people and events are text without a unique key: some are padded, blank or there twice.
-- updated_at is a timestamp everywhere, NULL in a few rows, with an index on (updated_at, id): it can serve as a cursor.
-- Misspelled names (bagde, addresss_line2, created_by_object_d) are the source's own.

CREATE TABLE IF NOT EXISTS lacrei_privacydocument (
    id integer PRIMARY KEY,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    privacy_policy text NOT NULL,
    terms_of_use text NOT NULL,
    profile_type varchar NOT NULL
);

CREATE TABLE IF NOT EXISTS lacreiid_user (
    id varchar NOT NULL,
    password varchar NOT NULL,
    is_superuser boolean NOT NULL,
    is_staff boolean NOT NULL,
    is_active varchar NOT NULL,
    created_at timestamptz,
    updated_at timestamptz,
    email varchar NOT NULL,
    first_name varchar,
    last_name varchar,
    birth_date varchar,
    is_18_years_old_or_more boolean,
    last_login varchar,
    email_verified varchar,
    accepted_privacy_document boolean,
    newsletter_subscribed varchar,
    phone varchar,
    phone_verified varchar,
    phone_verification_token varchar,
    phone_verification_token_expires_at timestamptz,
    privacy_document_id integer,
    logged_as varchar
);
CREATE INDEX IF NOT EXISTS lacreiid_user_id ON lacreiid_user (id);
CREATE INDEX IF NOT EXISTS lacreiid_user_updated_at ON lacreiid_user (updated_at, id);

CREATE TABLE IF NOT EXISTS lacreiid_profile (
    id varchar NOT NULL,
    created_at timestamptz,
    updated_at timestamptz,
    other_ethnic_group varchar,
    other_gender_identity varchar,
    other_sexual_orientation varchar,
    other_pronoun varchar,
    other_disability_types varchar,
    other_article varchar,
    completed boolean NOT NULL,
    photo varchar,
    photo_description varchar,
    ethnic_group_id integer,
    gender_identity_id integer,
    pronoun_id varchar,
    sexual_orientation_id integer,
    user_id varchar NOT NULL
);
CREATE INDEX IF NOT EXISTS lacreiid_profile_id ON lacreiid_profile (id);
CREATE INDEX IF NOT EXISTS lacreiid_profile_updated_at ON lacreiid_profile (updated_at, id);
CREATE INDEX IF NOT EXISTS lacreiid_profile_user_id ON lacreiid_profile (user_id);

CREATE TABLE IF NOT EXISTS lacreiid_profile_disability_types (
    id integer PRIMARY KEY,
    profile_id varchar NOT NULL,
    disabilitytype_id integer NOT NULL,
    UNIQUE (profile_id, disabilitytype_id)
);

CREATE TABLE IF NOT EXISTS lacreisaude_professional (
    id varchar NOT NULL,
    created_at timestamptz,
    updated_at timestamptz,
    other_ethnic_group varchar,
    other_gender_identity varchar,
    other_sexual_orientation varchar,
    other_pronoun varchar,
    other_disability_types varchar,
    other_article varchar,
    full_name varchar NOT NULL,
    about_me text,
    profile_status varchar NOT NULL,
    active varchar NOT NULL,
    published varchar NOT NULL,
    document_number varchar,
    board_registration_number varchar,
    accepted_privacy_document boolean,
    safety_measures text,
    specialty varchar,
    specialty_number_rqe varchar,
    board_certification_selfie varchar,
    photo varchar,
    photo_description varchar,
    ethnic_group_id integer,
    gender_identity_id integer,
    privacy_document_id integer,
    profession_id integer,
    pronoun_id integer,
    sexual_orientation_id integer,
    state_id integer,
    user_id varchar NOT NULL,
    search_synonym text
);
CREATE INDEX IF NOT EXISTS lacreisaude_professional_id ON lacreisaude_professional (id);
CREATE INDEX IF NOT EXISTS lacreisaude_professional_updated_at ON lacreisaude_professional (updated_at, id);

CREATE TABLE IF NOT EXISTS lacreisaude_professional_disability_types (
    id integer PRIMARY KEY,
    professional_id varchar NOT NULL,
    disabilitytype_id integer NOT NULL,
    UNIQUE (professional_id, disabilitytype_id)
);

CREATE TABLE IF NOT EXISTS lacreisaude_clinic (
    id varchar NOT NULL,
    created_at timestamptz,
    updated_at timestamptz,
    is_presential_clinic varchar NOT NULL,
    is_online_clinic varchar NOT NULL,
    name varchar,
    zip_code varchar,
    neighborhood varchar,
    city varchar,
    address varchar,
    addresss_line2 varchar,
    phone varchar,
    phone_whatsapp varchar,
    consult_price varchar,
    duration_minutes varchar,
    accepts_insurance_providers boolean,
    provides_accessibility_standards boolean,
    online_clinic_phone varchar,
    online_clinic_phone_whatsapp varchar,
    online_clinic_consult_price numeric(10,2),
    online_clinic_duration_minutes integer,
    online_clinic_accepts_insurance_providers boolean,
    professional_id varchar NOT NULL,
    registered_neighborhood_id integer,
    state_id integer
);
CREATE INDEX IF NOT EXISTS lacreisaude_clinic_id ON lacreisaude_clinic (id);
CREATE INDEX IF NOT EXISTS lacreisaude_clinic_updated_at ON lacreisaude_clinic (updated_at, id);
CREATE INDEX IF NOT EXISTS lacreisaude_clinic_professional_id ON lacreisaude_clinic (professional_id);

CREATE TABLE IF NOT EXISTS lacreiid_appointment (
    id varchar NOT NULL,
    created_at timestamptz,
    updated_at timestamptz,
    date varchar,
    status varchar NOT NULL,
    type varchar NOT NULL,
    professional_id varchar NOT NULL,
    user_id varchar NOT NULL,
    agreement_id varchar
);
CREATE INDEX IF NOT EXISTS lacreiid_appointment_id ON lacreiid_appointment (id);
CREATE INDEX IF NOT EXISTS lacreiid_appointment_updated_at ON lacreiid_appointment (updated_at, id);

CREATE TABLE IF NOT EXISTS lacreiid_cancellation (
    id varchar NOT NULL,
    created_at varchar,
    updated_at timestamptz,
    reason text,
    appointment_id varchar NOT NULL,
    created_by_content_type_id integer,
    created_by_object_d varchar
);
CREATE INDEX IF NOT EXISTS lacreiid_cancellation_id ON lacreiid_cancellation (id);
CREATE INDEX IF NOT EXISTS lacreiid_cancellation_updated_at ON lacreiid_cancellation (updated_at, id);
CREATE INDEX IF NOT EXISTS lacreiid_cancellation_appointment_id ON lacreiid_cancellation (appointment_id);

CREATE TABLE IF NOT EXISTS lacreiid_report (
    id varchar NOT NULL,
    created_at varchar,
    updated_at timestamptz,
    feedback text,
    eval smallint,
    appointment_id varchar NOT NULL,
    created_by_content_type_id integer,
    created_by_object_id varchar
);
CREATE INDEX IF NOT EXISTS lacreiid_report_id ON lacreiid_report (id);
CREATE INDEX IF NOT EXISTS lacreiid_report_updated_at ON lacreiid_report (updated_at, id);
CREATE INDEX IF NOT EXISTS lacreiid_report_appointment_id ON lacreiid_report (appointment_id);

CREATE TABLE IF NOT EXISTS lacreiid_disabilitytype (
    id varchar PRIMARY KEY,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    badge varchar,
    position_order integer,
    name varchar NOT NULL UNIQUE
);
CREATE INDEX IF NOT EXISTS lacreiid_disabilitytype_updated_at ON lacreiid_disabilitytype (updated_at, id);

CREATE TABLE IF NOT EXISTS lacreiid_genderidentity (
    id varchar PRIMARY KEY,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    bagde varchar,
    position_order integer,
    name varchar NOT NULL UNIQUE
);
CREATE INDEX IF NOT EXISTS lacreiid_genderidentity_updated_at ON lacreiid_genderidentity (updated_at, id);

CREATE TABLE IF NOT EXISTS lacreiid_sexualorientation (
    id varchar PRIMARY KEY,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    bagde varchar,
    position_order integer,
    name varchar NOT NULL UNIQUE
);
CREATE INDEX IF NOT EXISTS lacreiid_sexualorientation_updated_at ON lacreiid_sexualorientation (updated_at, id);

CREATE TABLE IF NOT EXISTS lacreiid_ethnicgroup (
    id varchar PRIMARY KEY,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    bagde varchar,
    position_order integer,
    name varchar NOT NULL UNIQUE
);
CREATE INDEX IF NOT EXISTS lacreiid_ethnicgroup_updated_at ON lacreiid_ethnicgroup (updated_at, id);

CREATE TABLE IF NOT EXISTS lacreiid_pronoun (
    id varchar PRIMARY KEY,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    bagde varchar,
    position_order integer,
    article varchar,
    pronoun varchar
);
CREATE INDEX IF NOT EXISTS lacreiid_pronoun_updated_at ON lacreiid_pronoun (updated_at, id);

CREATE TABLE IF NOT EXISTS address_state (
    id varchar PRIMARY KEY,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    name varchar NOT NULL,
    code char(2) NOT NULL,
    ibge_code varchar NOT NULL,
    active boolean NOT NULL,
    country_id integer
);
CREATE INDEX IF NOT EXISTS address_state_updated_at ON address_state (updated_at, id);
