"""What the tables of associations with references are, and what each of their columns means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

TABLES = {
    "geneExpression": "Each gene beside the map: correlation, p of every kind, weight on component 1.",
    "geneExpressionComponents": "What components of all genes explain of the map, and of null maps.",
    "geneExpressionNull": "How often component 1 explains how much of null maps.",
    "geneExpressionRanked": "Correlations of genes in their order, and the band of those of chance.",
    "geneExpressionRegions": "Regions that were analysed, with the map and component 1.",
    "geneSets": "Each set of genes beside the map.",
    "geneSetsLeftOut": "Sets that are too small, too large, or have no gene in the table.",
    "geneSetsBackground": "Genes that sets could be of.",
    "receptorDensity": "Each map of a receptor beside the map.",
    "receptorDensityTogether": "What all of them explain together, and what each brings.",
    "receptorDensityGenes": "Gene with map, gene with receptor, receptor with map.",
    "receptorDensityRegions": "Regions that were analysed, with the map and all receptors.",
    "referenceMap": "Each other map, or map of foci, beside the map.",
    "referenceMapRegions": "Regions that were analysed, with the map and all references.",
}
"""Tables by the label (`desc`) in their names."""

COLUMNS = {
    "part": "Regions that are analysed together, such as those of the left cortex.",
    "gene": "Gene, by its symbol in the table of expression.",
    "rho": "Spearman correlation with the t of the contrast over regions.",
    "p": "Two-sided p of the claim: the larger of p_arms and p_surrogate.",
    "p_arms": "Two-sided p from the relabellings of the contrast: beyond what chance could do.",
    "p_surrogate": "Two-sided p from surrogates of the observed map that keep Moran's I: beyond any map as smooth.",
    "p_null": "The p by this kind of chance alone.",
    "p_fwe": "The larger of both, each corrected over all genes by the largest correlation of each null map.",
    "q": "The p corrected over the rows of a part by Benjamini and Hochberg.",
    "p_moran": "Two-sided p from surrogate maps that keep Moran's I.",
    "p_variogram": "Two-sided p from surrogate maps that keep the variogram; beside.",
    "weight": "Weight on component 1 (all weights have length one).",
    "boot_ratio": "Weight over its standard deviation when regions are drawn again: stability, no test.",
    "component": "Number of the component.",
    "null": "Kind of chance: trial (relabellings), moran, variogram; of trial and moran the larger p counts.",
    "explained": "Share of the variance of the map over regions.",
    "chance_median": "Median of that share in null maps.",
    "chance_95": "What 95 % of null maps stay below.",
    "maps": "Null maps, the observed one among them where it is a row; or maps in a bar.",
    "from": "Lower end of a bar.",
    "to": "Upper end of a bar.",
    "place": "Share of genes with a lower correlation.",
    "low": "Lower end of the middle 95 % of null maps.",
    "high": "Upper end of it.",
    "region": "Region of the atlas.",
    "x": "Centre of the region, mm.",
    "y": "Centre of the region, mm.",
    "z": "Centre of the region, mm.",
    "voxels": "Voxels of the region that all participants have.",
    "t": "Mean t of the contrast.",
    "score": "Score of component 1; of a set, the mean (absolute) correlation of its genes.",
    "file": "File it comes from.",
    "set": "Name of the set.",
    "genes": "Genes of the set that are in the table.",
    "size": "Genes of the set.",
    "reason": "Why it is left out.",
    "chance_low": "Lower end of the middle 95 % of scores of null maps.",
    "chance_high": "Upper end of it.",
    "leading": "Genes of the set that go furthest its way.",
    "gsea_es": "Enrichment score of GSEA (running sum); beside.",
    "gsea_p": "p of GSEA from random genes; for comparison alone.",
    "gsea_q": "q of GSEA from random genes; for comparison alone.",
    "map": "Reference: its file or column.",
    "regions": "Regions in which the reference has a value.",
    "receptor": "Receptor or transporter, as is said of the map or as its name tells.",
    "tracer": "Tracer of the map, as is said of it.",
    "citation": "Whose map it is, as is said of it.",
    "rho_receptor_map": "Spearman correlation of receptor and map.",
    "p_receptor_map": "Its two-sided p, the larger of relabellings and surrogates.",
    "rho_gene_map": "Spearman correlation of gene and map.",
    "p_gene_map": "Its two-sided p, the larger of relabellings and surrogates.",
    "p_both": "The larger of both p: that receptor and gene are both associated with the map.",
    "rho_gene_receptor": "Spearman correlation of gene and receptor.",
    "p_gene_receptor_moran": "Its p from surrogates of the receptor that keep Moran's I: the trial is not in it.",
}


def describe_columns(tables: Mapping[str, Sequence[Mapping[str, object]]]) -> dict[str, str]:
    """Return the meaning of every column of some tables; columns named after references have none of their own."""
    found = dict.fromkeys(column for rows in tables.values() for column in (rows[0] if rows else ()))
    return {column: COLUMNS[column] for column in found if column in COLUMNS}
