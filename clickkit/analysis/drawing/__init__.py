"""How each kind of chart is drawn; `clickkit.analysis.charts` names them all."""
