/*
 * Presets: systems that banks use, as documents. They come with the extension
 * and are not dumped; what is loaded from them is an ordinary scheme.
 */

CREATE TABLE tiering.preset (
	preset     text COLLATE "C" PRIMARY KEY,
	parameters jsonb NOT NULL DEFAULT '{}',
	document   jsonb NOT NULL
);
COMMENT ON TABLE tiering.preset IS 'A ready-made scheme, to be loaded with load_preset() and changed at will';
COMMENT ON COLUMN tiering.preset.preset IS 'Its name, which the scheme gets unless another is given';
COMMENT ON COLUMN tiering.preset.parameters IS
'Its parameters with their defaults, which are numbers; {name} stands for one in the document''s bounds';
COMMENT ON COLUMN tiering.preset.document IS 'The scheme as import_scheme() reads it';

CREATE FUNCTION tiering.load_preset(preset text, scheme text DEFAULT NULL, parameters jsonb DEFAULT '{}')
RETURNS int
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	p tiering.preset;
	parameter record;
	content text;
BEGIN
	SELECT * INTO p FROM tiering.preset pr WHERE pr.preset = load_preset.preset;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'preset "%" does not exist', preset
			USING ERRCODE = 'undefined_object',
			HINT = 'SELECT preset FROM tiering.preset lists the presets.';
	END IF;
	content := p.document;
	FOR parameter IN
		SELECT key, p.parameters -> key AS default_value, value
		FROM jsonb_each(p.parameters || COALESCE(load_preset.parameters, '{}'))
	LOOP
		IF parameter.default_value IS NULL THEN
			RAISE EXCEPTION 'preset "%" has no parameter "%"', preset, parameter.key
				USING ERRCODE = 'invalid_parameter_value',
				HINT = format('Its parameters and their defaults are %s.', p.parameters);
		END IF;
		IF jsonb_typeof(parameter.value) <> 'number' THEN
			RAISE EXCEPTION 'parameter "%" of preset "%" must be a number, not %',
				parameter.key, preset, parameter.value
				USING ERRCODE = 'invalid_parameter_value';
		END IF;
		content := replace(content, '{' || parameter.key || '}', parameter.value::text);
	END LOOP;
	RETURN tiering.import_scheme(content::jsonb, COALESCE(load_preset.scheme, load_preset.preset));
END;
$$;
COMMENT ON FUNCTION tiering.load_preset(text, text, jsonb) IS
'Makes a scheme of a preset, under the preset''s own name unless another is given. Leaves a draft, whose number it returns. An unknown preset (42704) or parameter (22023), and a name that is taken (42710), are errors';

INSERT INTO tiering.preset (preset, parameters, document) VALUES
('cib', '{}', $json$
{
	"title": "Six levels by comprehensive financial assets",
	"title_zh": "六级客户分层（综合金融资产）",
	"description": "Daily average of comprehensive financial assets in CNY. The bank reads the upper four levels off last month's average, so refresh at a month's end over tiering.month(as_of).",
	"origin": "Levels of Industrial Bank (CIB), China",
	"metrics": [
		{"metric": "daily_avg_assets", "is_measure": true, "unit": "CNY",
		 "title": "Daily average of comprehensive financial assets", "title_zh": "日均综合金融资产"}
	],
	"tiers": [
		{"tier": "non_core", "rank": 1, "base": true, "title": "Non-core", "title_zh": "非核心"},
		{"tier": "core", "rank": 2, "title": "Core", "title_zh": "一般核心",
		 "rules": [{"daily_avg_assets": "[10000,)"}]},
		{"tier": "gold", "rank": 3, "title": "Gold", "title_zh": "黄金",
		 "rules": [{"daily_avg_assets": "[100000,)"}]},
		{"tier": "platinum", "rank": 4, "title": "Platinum", "title_zh": "白金",
		 "rules": [{"daily_avg_assets": "[300000,)"}]},
		{"tier": "black_gold", "rank": 5, "title": "Black gold", "title_zh": "黑金",
		 "rules": [{"daily_avg_assets": "[1000000,)"}]},
		{"tier": "diamond", "rank": 6, "title": "Diamond", "title_zh": "钻石",
		 "rules": [{"daily_avg_assets": "[6000000,)"}]}
	]
}
$json$),
('psbc', '{}', $json$
{
	"title": "Any of balance, card or income",
	"title_zh": "余额、持卡或收入任一达标",
	"description": "One condition suffices: the monthly daily-average balance, a named premium card, or the household's yearly income, in CNY. Each tier has a card list of its own: one and the same card in all three would make everyone diamond.",
	"origin": "Levels of Postal Savings Bank of China (PSBC)",
	"metrics": [
		{"metric": "daily_avg_balance", "is_measure": true, "unit": "CNY",
		 "title": "Monthly daily-average balance", "title_zh": "月日均余额"},
		{"metric": "household_income", "unit": "CNY per year",
		 "title": "Household income", "title_zh": "家庭年收入"},
		{"metric": "holds_gold_card", "kind": "boolean",
		 "title": "Holds a card of the gold list", "title_zh": "持有金卡类产品"},
		{"metric": "holds_platinum_card", "kind": "boolean",
		 "title": "Holds a card of the platinum list", "title_zh": "持有白金卡类产品"},
		{"metric": "holds_diamond_card", "kind": "boolean",
		 "title": "Holds a card of the diamond list", "title_zh": "持有钻石卡类产品"}
	],
	"tiers": [
		{"tier": "ordinary", "rank": 1, "base": true, "title": "Ordinary", "title_zh": "普通"},
		{"tier": "gold", "rank": 2, "title": "Gold", "title_zh": "金卡",
		 "rules": [{"daily_avg_balance": "[50000,)"}, {"holds_gold_card": "[1,1]"},
				   {"household_income": "[200000,)"}]},
		{"tier": "platinum", "rank": 3, "title": "Platinum", "title_zh": "白金",
		 "rules": [{"daily_avg_balance": "[300000,)"}, {"holds_platinum_card": "[1,1]"},
				   {"household_income": "[800000,)"}]},
		{"tier": "diamond", "rank": 4, "title": "Diamond", "title_zh": "钻石",
		 "rules": [{"daily_avg_balance": "[1500000,)"}, {"holds_diamond_card": "[1,1]"},
				   {"household_income": "[3000000,)"}]}
	]
}
$json$),
('pyramid', '{"private_from": 10000000}', $json$
{
	"title": "The customer pyramid",
	"title_zh": "客户金字塔",
	"description": "Five levels on the month's daily-average assets in CNY. Parameter private_from: where private banking starts, 10,000,000, in some banks 5,000,000.",
	"origin": "Customary levels of Chinese retail banks",
	"metrics": [
		{"metric": "daily_avg_assets", "is_measure": true, "unit": "CNY",
		 "title": "Monthly daily-average assets", "title_zh": "月日均资产"}
	],
	"tiers": [
		{"tier": "mass", "rank": 1, "base": true, "title": "Mass", "title_zh": "大众"},
		{"tier": "gold", "rank": 2, "title": "Gold", "title_zh": "黄金",
		 "rules": [{"daily_avg_assets": "[50000,)"}]},
		{"tier": "platinum", "rank": 3, "title": "Platinum", "title_zh": "白金",
		 "rules": [{"daily_avg_assets": "[500000,)"}]},
		{"tier": "diamond", "rank": 4, "title": "Diamond", "title_zh": "钻石",
		 "rules": [{"daily_avg_assets": "[3000000,)"}]},
		{"tier": "private", "rank": 5, "title": "Private banking", "title_zh": "私人银行",
		 "rules": [{"daily_avg_assets": "[{private_from},)"}]}
	]
}
$json$);
