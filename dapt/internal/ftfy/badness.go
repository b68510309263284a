package ftfy

import (
	"regexp"
	"strings"
	"sync"
)

// The kinds of characters that UTF-8 turns into in other encodings, as parts of a regular expression's class.
const (
	common           = "\u00a0\u00ad·´–—―…’" // in many contexts: no sign of mojibake by themselves
	c1               = "\u0080-\u009f"
	bad              = "¦¤¨¬¯¸ƒˆˇ˘˛˜†‡‰⌐◊\ufffdªº" // nearly always mojibake
	law              = "¶§"
	currency         = "¢£¥₧€"
	startPunctuation = "¡«¿©΄΅‘‚“„•‹\uf8ff"
	endPunctuation   = "®»˝”›™"
	numeric          = "²³¹±¼½¾×µ÷⁄∂∆∏∑√∞∩∫≈≠≡≤≥№"
	kaomoji          = "Ò-ÖÙ-Üò-öø-üŐŌŪŲ°" // letters that faces are made of
	upperAccented    = "À-ÑØÜÝĂĀĄĆČĎĐĘĚĒĖĞĢİĪĶĹĽŁĻŃŇŅŒŘŚŞŠŢŤŮŰŸŹŻŽҐ"
	lowerAccented    = "ßà-ñăąāćčďđęěēėğģįīķĺľłļœŕśşšťüźżžґﬁﬂ"
	upperCommon      = "ÞΑ-ΩΆΈΉΊΌΎΏΪΫЁ-Я"
	lowerCommon      = "α-ωάέήίΰа-џ"
	box              = "│┌┐┘├┤┬┼═-╬▀▄█▌▐░▒▓" // without the single line, which faces use

	accented    = lowerAccented + upperAccented
	punctuation = startPunctuation + endPunctuation
	unlikely    = accented + box + punctuation + currency + numeric + law
	arabic      = common + currency + bad + numeric + startPunctuation + "ŸŠ®°µ»"

	// What Python means by \s and \w.
	space = `\t-\r\x1c-\x20\x{85}\p{Z}`
	word  = `\p{L}\p{N}_`
)

// badness are the unlikely neighbours, each rule a row of character classes.
var badness = [][]string{
	{c1},
	{bad + unlikely, bad},
	{"a-zA-Z", lowerCommon + upperCommon, bad},
	{bad, unlikely},
	{lowerAccented + lowerCommon + box + endPunctuation + currency + numeric, upperAccented},
	{box + endPunctuation + currency + numeric, lowerAccented},
	{lowerAccented + box + endPunctuation, currency},
	{space, upperAccented, currency},
	{upperAccented + box, numeric + law},
	{accented + box + currency + endPunctuation, startPunctuation, numeric},
	{accented + currency + numeric + box + law, endPunctuation, startPunctuation},
	{currency + numeric + box, startPunctuation},
	{"a-z", upperAccented, startPunctuation + currency},
	{box, kaomoji},
	{accented + currency + numeric + punctuation + law, box},
	{box, endPunctuation},
	{accented, punctuation, word},

	{"Œœ", "^A-Za-z"},    // the ligature, not before a plain letter
	{upperAccented, "°"}, // degrees of a capital letter

	// Windows-1252: pairs, Arabic, South Asian scripts.
	{"ÂÃÎÐ", "€œŠš¢£Ÿž\u00a0\u00ad®©°·»–—´" + punctuation},
	{"×", "²³"},
	{"ØÙ", arabic, "ØÙ", arabic},
	{"à", "²µ¹¼½¾"},

	// MacRoman.
	{"√", "±∂†≠®™´≤≥¥µø"},
	{"≈", "°¢"},
	{"‚", "Ä", "ìîïòôúùû†°¢π"},
	{"‚", "âó", "àä°ê"},

	// Windows-1251: punctuation, Cyrillic, and Cyrillic on top of Latin-1.
	{"в", "Ђ"},
	{"ВГРС", c1 + bad + punctuation + currency + "°µ", "ВГРС"},
	{"Г", "ў", "В", "Ђ", "В", `^\n`, "A-Za-z "},

	// Windows-1252 again: à, á and the no-break space.
	{"Ã", "\u00a0¡"},
	{"a-z", "ÃÂ", " "},
	{"a-z", space, "ÃÂ", " "},
	{"a-z.,?!" + endPunctuation, "Â", " " + punctuation},

	// Windows-1253: punctuation, Greek. Windows-1257: punctuation.
	{"β", "€", "™\u00a0Ά\u00ad®°"},
	{"ΒΓΞΟ", c1 + bad + punctuation + currency + "°", "ΒΓΞΟ"},
	{"ā", "€"},
}

// badText matches text that the rules find unlikely, or that starts with a Windows-1252 no-break space.
var badText = sync.OnceValue(func() *regexp.Regexp {
	rules := []string{"^[ÃÂ] "}
	for _, classes := range badness {
		rules = append(rules, "["+strings.Join(classes, "][")+"]")
	}
	return regexp.MustCompile(strings.Join(rules, "|"))
})

// isBad reports whether s looks like mojibake: whether some of its characters are unlikely side by side.
func isBad(s string) bool { return !isASCII(s) && badText().MatchString(s) }

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
