"""`dim.dim_cliente`. Belongs here: its columns and loading. Does not belong here: what a customer bought (facts)."""

from __future__ import annotations

from etl_assets.engine.spec import Keys, Merge, TableSpec
from etl_assets.systems.ecommerce import quality
from etl_assets.systems.ecommerce.columns import BIG, DATE, FLAG, INT, TIME, Row, text
from etl_assets.systems.ecommerce.members import dimension, unknown

CLIENTE: tuple[Row, ...] = (
    ("cliente_original_id!", BIG, "Customer in the source; -1 unknown"),
    ("nome_cliente!", text(200), "Name", "name"),
    ("email", text(200), "E-mail, lower case", "email"),
    ("telefone", text(30), "Phone", "phone"),
    ("cpf_cnpj", text(20), "CPF or CNPJ", "document"),
    ("data_nascimento", DATE, "Date of birth", "birth_date"),
    ("genero", text(1), "M, F or O", "gender"),
    ("tipo_cliente!", text(20), "Novo, Recorrente, VIP or Inativo"),
    ("segmento!", text(20), "Pessoa Fisica or Pessoa Juridica"),
    ("score_credito", INT, "Credit score, 0 to 1000", "credit"),
    ("categoria_valor", text(20), "Alto Valor, Medio Valor or Base"),
    ("endereco_completo", text(200), "Street and number", "address"),
    ("bairro", text(80), "District", "address"),
    ("cep", text(10), "Postal code", "address"),
    ("cidade!", text(100), "City; N/A when empty"),
    ("estado!", text(2), "State; NA when not two letters"),
    ("pais!", text(50), "Country"),
    ("data_primeiro_cadastro!", DATE, "First registration"),
    ("data_ultima_compra", DATE, "Last purchase, as the application keeps it"),
    ("data_ultima_atualizacao!", TIME, "When the source last changed what the row shows (UTC)"),
    ("eh_ativo!", FLAG, "In use and not deleted in the source"),
    ("aceita_email_marketing!", FLAG, "Agreed to e-mail"),
    ("eh_cliente_vip!", FLAG, "VIP"),
)


def cliente() -> TableSpec:
    return dimension(
        "dim_cliente",
        CLIENTE,
        key="cliente_original_id",
        surrogate="cliente_id",
        load=Merge(restrict={"stg.customers": "customer_id"}),
        reads={"stg.customers": Keys(("customer_id",))},
        unknown_member=unknown(CLIENTE, tipo_cliente="Inativo", segmento="Pessoa Fisica"),
        checks=quality.CLIENTE,
        indexes=(("estado", "cidade"), ("tipo_cliente",)),
    )
