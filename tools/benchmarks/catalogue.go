package benchmarks

import "github.com/dapt-go/dapt-go/tools/download"

// coop is a small file that CoOp's authors share. Google Drive gives files of this size without asking.
func coop(file, id string) Source {
	return Source{
		File: file, From: "KaiyangZhou/CoOp, DATASETS.md", Page: coopPage,
		URL: "https://drive.google.com/uc?export=download&id=" + id, Makes: []string{file},
	}
}

const coopPage = "https://github.com/KaiyangZhou/CoOp/blob/main/DATASETS.md"

// classNames are ImageNet's, which its variants need, too.
var classNames = coop("classnames.txt", "1-61f_ol79pViBFDG_IDlUQSwoLcn2XXF")

// Entries are the benchmarks: the eleven, ImageNet's variants, and VOC12.
var Entries = []Entry{
	{"ImageNet", "1000 kinds of things, ILSVRC 2012", []Source{
		{
			File: "ILSVRC2012_img_train.tar", From: "ImageNet", Page: imageNetPage,
			Size: 147897477120, SHA256: "b08200a27a8e34218a0e58fde36b0fe8f73bc377f4acea2d91602057c3ca45bb", MD5: "1d675b47d978889d74fa0da5fadfb00e",
			Do: "register at ImageNet, download it with a browser into the data set's folder, and run data get again, which unpacks it",
			To: "images/train", Nested: download.Folders, Makes: []string{"images/train"},
		},
		{
			File: "ILSVRC2012_img_val.tar", From: "ImageNet", Page: imageNetPage,
			Size: 6744924160, SHA256: "c7e06a6c0baccf06d8dbeb6577d71efff84673a5dbdd50633ab44f8ea0456ae0", MD5: "29b22e2961454d5413ddabcf34fc5622",
			Do: "register at ImageNet, download it with a browser, unpack it to images/val, and sort it into a folder for each class there " +
				"with valprep.sh (https://github.com/soumith/imagenetloader.torch)",
			ByHand: true, Makes: []string{"images/val"},
		},
		classNames,
	}},
	{"Caltech101", "101 kinds of objects", []Source{
		{
			File: "caltech-101.zip", From: "CaltechDATA", Page: "https://data.caltech.edu/records/mzrjq-6wc02",
			URL:  "https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip",
			Size: 137414764, SHA256: "331234750fc7f77520e50d9565e8b6907b03565e30320da1401130db08c61f91", MD5: "3138e1922a9193bfa496528edbbc45d0",
			Inner: "caltech-101/101_ObjectCategories.tar.gz", Nested: download.Here, Makes: []string{"101_ObjectCategories"},
		},
		coop("split_zhou_Caltech101.json", "1hyarUivQE36mY6jSomru6Fjd-JzwcCzN"),
	}},
	{"OxfordPets", "37 breeds of cats and dogs", []Source{
		{
			File: "images.tar.gz", From: "Oxford VGG", Page: "https://www.robots.ox.ac.uk/~vgg/data/pets/",
			URL:  "https://www.robots.ox.ac.uk/~vgg/data/pets/data/images.tar.gz",
			Size: 791918971, SHA256: "67195c5e1c01f1ab5f9b6a5d22b8c27a580d896ece458917e61d459337fa318d", MD5: "5c4f3ee8e5d25df40f4fd59a7f44e54c",
			Makes: []string{"images"},
		},
		coop("split_zhou_OxfordPets.json", "1501r8Ber4nNKvmlFVQZ8SeUHTcdTTEqs"),
	}},
	{"StanfordCars", "196 makes, models and years of cars", []Source{
		cars("cars_train", 979269282, "512b227b30e2f0a8aab9e09485786ab4479582073a144998da74d64b801fd288"),
		cars("cars_test", 977350468, "bffea656d6f425cba3c91c6d83336e4c5f86c6cffd8975b0f375d3a10da8e243"),
		coop("split_zhou_StanfordCars.json", "1ObCFbaAgVu0I-k_Au-gIUcefirdAuizT"),
	}},
	{"OxfordFlowers", "102 kinds of flowers", []Source{
		{
			File: "102flowers.tgz", From: "Oxford VGG", Page: "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/",
			URL:  "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/102flowers.tgz",
			Size: 344862509, SHA256: "2d01ecc807db462958cfe3d92f57a8c252b4abd240eb955770201e45f783b246", MD5: "52808999861908f626f3c1f4e79d11fa",
			Makes: []string{"jpg"},
		},
		coop("split_zhou_OxfordFlowers.json", "1Pp0sRXzZFZq15zVOzKjKBu4A9i01nozT"),
	}},
	{"Food101", "101 dishes", []Source{
		{
			File: "food-101.tar.gz", From: "ETH Zurich, Computer Vision Lab", Page: "https://data.vision.ee.ethz.ch/cvl/datasets_extra/food-101/",
			URL: "http://data.vision.ee.ethz.ch/cvl/food-101.tar.gz", Plain: "its publisher gives this address; the SHA-256 tells if it was changed on the way",
			Size: 4996278331, SHA256: "d97d15e438b7f4498f96086a4f7e2fa42a32f2712e87d3295441b2b6314053a4", MD5: "85eeb15f3717b99a5da872d97d918f87",
			Inner: "food-101", Makes: []string{"images"},
		},
		coop("split_zhou_Food101.json", "1QK0tGi096I0Ba6kggatX1ee6dJFIcEJl"),
	}},
	{"FGVCAircraft", "100 variants of aircraft", []Source{{
		File: "fgvc-aircraft-2013b.tar.gz", From: "Oxford VGG", Page: "https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/",
		URL:   "https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/archives/fgvc-aircraft-2013b.tar.gz",
		Inner: "fgvc-aircraft-2013b/data",
		Makes: []string{"images", "variants.txt", "images_variant_train.txt", "images_variant_val.txt", "images_variant_test.txt"},
	}}},
	{"SUN397", "397 kinds of scenes", []Source{
		{
			File: "SUN397.tar.gz", From: "Princeton Vision", Page: "https://vision.princeton.edu/projects/2010/SUN/",
			URL:  "https://vision.princeton.edu/projects/2010/SUN/SUN397.tar.gz",
			Size: 39077296924, SHA256: "f404130965a7ad77bed5ececc71e720ab50f3cc1e1bb257257610d38f3b928ec", MD5: "8ca2778205c41d23104230ba66911c7a",
			Makes: []string{"SUN397"},
		},
		coop("split_zhou_SUN397.json", "1y2RD81BYuiyvebdN-JymPfyWYcd8_MUq"),
	}},
	{"DescribableTextures", "47 textures that have a word", []Source{
		{
			File: "dtd-r1.0.1.tar.gz", From: "Oxford VGG", Page: "https://www.robots.ox.ac.uk/~vgg/data/dtd/",
			URL:  "https://www.robots.ox.ac.uk/~vgg/data/dtd/download/dtd-r1.0.1.tar.gz",
			Size: 625239812, SHA256: "e42855a52a4950a3b59612834602aa253914755c95b0cff9ead6d07395f8e205", MD5: "fff73e5086ae6bdbea199a49dfb8a4c1",
			Inner: "dtd", Makes: []string{"images"},
		},
		coop("split_zhou_DescribableTextures.json", "1u3_QfB467jqHgNXC00UIzbLZRQCg2S7x"),
	}},
	{"EuroSAT", "10 uses of land, from a satellite", []Source{
		{
			File: "EuroSAT.zip", From: "DFKI; this copy is TorchGeo's", Page: "https://github.com/phelber/eurosat",
			URL:  "https://huggingface.co/datasets/torchgeo/eurosat/resolve/c877bcd43f099cd0196738f714544e355477f3fd/EuroSAT.zip",
			Size: 94280567, SHA256: "8ebea626349354c5328b142b96d0430e647051f26efc2dc974c843f25ecf70bd", MD5: "c8fa014336c82ac7804f0398fcb19387",
			Makes: []string{"2750"},
		},
		coop("split_zhou_EuroSAT.json", "1Ip7yaCWFi0eaOFUGga0lUdVi_DDQth1o"),
	}},
	{"UCF101", "101 actions, the middle frames of videos", []Source{
		{
			File: "UCF-101-midframes.zip", From: "KaiyangZhou/CoOp, DATASETS.md", Page: "https://drive.google.com/file/d/10Jqome3vtUA2keJkNanAiFpgbyC9Hc2O/view",
			Do:    "Google Drive asks before it gives a file of this size: download it with a browser into the data set's folder, and run data get again, which unpacks it",
			Makes: []string{"UCF-101-midframes"},
		},
		coop("split_zhou_UCF101.json", "1I0S0q91hJfsV9Gf4xDIjgDq4AqBNJb1y"),
	}},
	{"ImageNetV2", "ImageNet's classes, collected anew (matched frequency)", []Source{
		{
			File: "imagenetv2-matched-frequency.tar.gz", From: "modestyachts/ImageNetV2", Page: "https://github.com/modestyachts/ImageNetV2",
			URL:  "https://huggingface.co/datasets/vaishaal/ImageNetV2/resolve/main/imagenetv2-matched-frequency.tar.gz",
			Size: 1264079360, SHA256: "f0c37fdf925916b19ea1323cd9a2208cdb6959ba2c32eef2a7fc393835c9ca7c",
			Makes: []string{"imagenetv2-matched-frequency-format-val"},
		},
		classNames,
	}},
	{"ImageNetSketch", "ImageNet's classes, drawn", []Source{
		{
			File: "ImageNet-Sketch.zip", From: "HaohanWang/ImageNet-Sketch", Page: "https://github.com/HaohanWang/ImageNet-Sketch",
			URL:  "https://huggingface.co/datasets/songweig/imagenet_sketch/resolve/main/data/ImageNet-Sketch.zip",
			Size: 7593573012, SHA256: "4d3ce6b82a7c48aabf14aeac105eb533e75707f152cc858f55bfc022031a72ed",
			Inner: "sketch", To: "images", Makes: []string{"images"},
		},
		classNames,
	}},
	{"ImageNetA", "200 of ImageNet's classes, images that models get wrong", []Source{
		{
			File: "imagenet-a.tar", From: "hendrycks/natural-adv-examples", Page: "https://github.com/hendrycks/natural-adv-examples",
			URL:  "https://people.eecs.berkeley.edu/~hendrycks/imagenet-a.tar",
			Size: 687552512, SHA256: "3bb3632277e6ba6392ea64c02ddbf4dd2266c9caffd6bc09c9656d28f012589e",
			Makes: []string{"imagenet-a"},
		},
		classNames,
	}},
	{"ImageNetR", "200 of ImageNet's classes, rendered as art, toys and the like", []Source{
		{
			File: "imagenet-r.tar", From: "hendrycks/imagenet-r", Page: "https://github.com/hendrycks/imagenet-r",
			URL:  "https://people.eecs.berkeley.edu/~hendrycks/imagenet-r.tar",
			Size: 2191079936, SHA256: "18c6bf493b39a0d975d48e587437f562caab9c52ae6327dcfa9dd8eb54aa1b52",
			Makes: []string{"imagenet-r"},
		},
		classNames,
	}},
	{"VOC12", "20 kinds of things, several in an image, PASCAL VOC 2012", []Source{
		{
			File: "VOCtrainval_11-May-2012.tar", From: "PASCAL VOC 2012", Page: "http://host.robots.ox.ac.uk/pascal/VOC/voc2012/",
			URL:  "https://thor.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar",
			Size: 1999639040, SHA256: "e14f763270cf193d0b5f74b169f44157a4b0c6efa708f4dd0ff78ee691763bcb", MD5: "6cd6e144f989b92b3379bac3b3de84fd",
			Makes: []string{"VOCdevkit/VOC2012/JPEGImages", "VOCdevkit/VOC2012/Annotations", "VOCdevkit/VOC2012/ImageSets"},
		},
		{
			File: "augmented segmentation labels", From: "the Semantic Boundaries Dataset, Hariharan et al., ICCV 2011", Page: "http://home.bharathh.info/pubs/codes/SBD/download.html",
			Do: "many who segment images share the list and the label maps, as SegmentationClassAug: put the list, of one image's number a line, and the " +
				"folder of maps in these two places; without the list, train.txt is taken, which has 1464 images",
			ByHand: true, Extra: true, Makes: []string{"VOCdevkit/VOC2012/ImageSets/Segmentation/train_aug.txt", "VOCdevkit/VOC2012/SegmentationClass_All"},
		},
	}},
}

const imageNetPage = "https://image-net.org/challenges/LSVRC/2012/2012-downloads.php"

// cars is one of Stanford Cars' archives. Its host does not answer any more, so that others have to have kept it.
func cars(folder string, size int64, sum string) Source {
	return Source{
		File: folder + ".tgz", From: "Stanford AI lab", Page: "https://ai.stanford.edu/~jkrause/cars/car_dataset.html", Size: size, SHA256: sum,
		Do: "its host is gone (torchvision 0.29 says so, too): get the archive from someone who has kept it, put it into the data set's folder, " +
			"and run data get again, which checks that it is the original and unpacks it; PromptKD's README links a copy of the unpacked data set",
		Makes: []string{folder},
	}
}

// Masks are the published foreground masks. Each is for all data sets; a data set's masks go into its folder mask.
var Masks = []Source{
	{
		File: "SEEM masks of DAPT-S", From: "Ferenas/DAPT, README.md", Page: "https://drive.google.com/file/d/12BDM8X3ZynLVNqmkAMEvxVMk7vU9ILzv/view",
		Do:     "download the archive with a browser, and unpack it so that each data set's folder has its folder mask",
		ByHand: true, Makes: []string{"mask"},
	},
	{
		File: "foreground views of FVG-PT", From: "JREion/FVG-PT, docs/DATASETS.md", Page: "https://huggingface.co/datasets/JREion/Prompt_Tuning_Datasets_with_Foreground",
		Do:     "download what you need of the collection, which has the images too, and move each data set's mask folder into its folder",
		ByHand: true, Makes: []string{"mask"},
	},
}
