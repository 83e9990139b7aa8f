"""`dim.dim_produto`. Belongs here: its columns and loading. Does not belong here: what was sold (facts)."""

from __future__ import annotations

from etl_assets.engine.spec import Keys, Merge, TableSpec
from etl_assets.systems.ecommerce import quality
from etl_assets.systems.ecommerce.columns import BIG, DATE, FLAG, INT, PERCENT, TEXT, TIME, Row, number, text
from etl_assets.systems.ecommerce.members import dimension, unknown

PRODUTO: tuple[Row, ...] = (
    ("produto_original_id!", BIG, "Product in the source; -1 unknown"),
    ("codigo_sku!", text(50), "Stock keeping unit, else product code, else SKU_ and the id"),
    ("nome_produto!", text(200), "Name"),
    ("descricao_curta", text(255), "Short description"),
    ("descricao_completa", TEXT, "Full description"),
    ("categoria!", text(50), "Category"),
    ("subcategoria!", text(50), "Subcategory"),
    ("marca!", text(50), "Brand"),
    ("fornecedor_id!", BIG, "Supplier in the source; -1 none"),
    ("nome_fornecedor!", text(150), "Supplier's name"),
    ("codigo_barras", text(20), "Barcode"),
    ("linha_produto", text(50), "Product line"),
    ("fabricante", text(100), "Manufacturer"),
    ("pais_origem", text(50), "Country of origin"),
    ("peso_kg", number(8, 3), "Weight in kilograms"),
    ("altura_cm", number(6, 2), "Height in centimetres"),
    ("largura_cm", number(6, 2), "Width in centimetres"),
    ("profundidade_cm", number(6, 2), "Depth in centimetres"),
    ("cor_principal", text(30), "Colour"),
    ("material", text(50), "Material"),
    ("preco_custo!", number(10, 2), "Cost"),
    ("preco_sugerido!", number(10, 2), "List price"),
    ("margem_sugerida_percent", PERCENT, "Margin in percent of the list price, as the source says"),
    ("eh_perecivel!", FLAG, "Perishable"),
    ("eh_fragil!", FLAG, "Fragile"),
    ("requer_refrigeracao!", FLAG, "Needs cooling"),
    ("estoque_minimo!", INT, "Least stock"),
    ("estoque_maximo!", INT, "Most stock, not below the least"),
    ("idade_minima_venda", INT, "Least age of a buyer"),
    ("prazo_reposicao_dias", INT, "Days to restock"),
    ("situacao!", text(20), "Ativo, Inativo or Descontinuado"),
    ("data_lancamento", DATE, "Launched"),
    ("data_descontinuacao", DATE, "Discontinued"),
    ("data_cadastro!", TIME, "Created in the source (UTC)"),
    ("data_ultima_atualizacao!", TIME, "When the source last changed product or supplier (UTC)"),
    ("palavras_chave", text(200), "Keywords, separated by commas"),
    ("avaliacao_media", number(2, 1), "Mean rating, 0 to 5"),
    ("total_avaliacoes!", INT, "Ratings"),
)
OF_SUPPLIER = Keys(
    ("supplier_id",),
    "SELECT p.product_id FROM stg.products AS p INNER JOIN changes AS x ON x.supplier_id = p.supplier_id",
)


def produto() -> TableSpec:
    return dimension(
        "dim_produto",
        PRODUTO,
        key="produto_original_id",
        surrogate="produto_id",
        load=Merge(restrict={"stg.products": "product_id"}),
        reads={"stg.products": Keys(("product_id",)), "stg.suppliers": OF_SUPPLIER},
        unknown_member=unknown(PRODUTO, codigo_sku="NAO-INFORMADO-1", situacao="Inativo"),
        checks=quality.PRODUTO,
        indexes=(("categoria", "subcategoria"), ("fornecedor_id",), ("situacao",)),
    )
