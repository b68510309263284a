package mini

// painters draw the background words.
var painters = map[string]func(*canvas){
	"bridge":   paintBridge,
	"building": paintBuilding,
	"cloud":    paintCloud,
	"grass":    paintGrass,
	"ground":   paintGround,
	"helmet":   paintHelmet,
	"house":    paintHouse,
	"keyboard": paintKeyboard,
	"lake":     paintLake,
	"land":     paintLand,
	"mountain": paintMountain,
	"ocean":    paintOcean,
	"railroad": paintRailroad,
	"railway":  paintRailway,
	"river":    paintRiver,
	"road":     paintRoad,
	"rock":     paintRock,
	"sea":      paintSea,
	"sign":     paintSign,
	"sky":      paintSky,
	"street":   paintStreet,
	"tree":     paintTree,
	"valley":   paintValley,
	"wall":     paintWall,
	"water":    paintWater,
}

// newTexture draws variant number item of a background word. The family keeps
// the textures of training and test apart.
func newTexture(family, word string, item int) *texture {
	c := &canvas{Rand: stream(0, "texture/"+family+"/"+word, item)}
	painters[word](c)
	c.light()
	return c.bytes()
}
